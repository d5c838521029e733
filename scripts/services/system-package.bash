# What the scripts of this folder share: they take a server that is there, or start one of the system's own package on a free port.
# To be sourced.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo --non-interactive "$@"; fi
}

free_port() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

install_package() {
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1"
}

# Prints the first of the URLs behind which `answers` finds a server.
first_that_answers() {
  local candidate
  for candidate in "$@"; do
    if [ -n "$candidate" ] && answers "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# Runs `start` or `stop`, whichever the script was asked for.
start_or_stop() {
  case "${1:-}" in
  start | stop) "$1" ;;
  *)
    echo "usage: $0 start|stop" >&2
    exit 2
    ;;
  esac
}
