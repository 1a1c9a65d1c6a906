#!/usr/bin/env bash
# Run README's two commands on a clean Debian: tests/on-debian.sh 12|13|testing|unstable [COMMAND…]
#
# The first run for a release makes a root with nothing but Python, make and git, kept under /var/cache; each run then works on a
# throw-away layer above it, in namespaces of its own, on a clone of the last commit. Needs root and the Debian package mmdebstrap.
# Where packages come from is read from this machine's own apt and pip. COMMAND instead of `make demo && make test` runs in the clone.
set -euo pipefail
usage() { echo "Usage: tests/on-debian.sh 12|13|testing|unstable [COMMAND…]" >&2; exit 2; }
[ $# -ge 1 ] || usage
case $1 in
  12) suite=bookworm ;;
  13) suite=trixie ;;
  testing | unstable) suite=$1 ;;
  *) usage ;;
esac
shift
[ "$(id -u)" -eq 0 ] || { echo "tests/on-debian.sh makes a root file system: run it as root." >&2; exit 2; }
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is not installed (Debian package mmdebstrap)." >&2; exit 2; }

checkout=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
base=/var/cache/newsletter-on-debian/$suite
if [ ! -e "$base/.complete" ]; then
  rm -rf "$base"
  mkdir -p "$base"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | sort -u | grep -v security | head -n 1)
  apt-config dump | grep -E '^Acquire::(Check-|http|https|Proxy|Retries)' >"$base.apt" || true
  mmdebstrap --quiet --variant=minbase --aptopt="$base.apt" --include=ca-certificates,git,make,python3,python3-venv \
    "$suite" "$base" "$mirror"
  touch "$base/.complete"
fi

layer=$(mktemp -d /var/tmp/newsletter-on-debian-XXXXXX)
trap 'rm -rf "$layer"' EXIT
mkdir "$layer/upper" "$layer/work" "$layer/root"
git clone -q --no-hardlinks "$checkout" "$layer/clone"
export checkout base layer
# Everything below is mounted in a namespace of its own and goes with it.
unshare --mount --pid --fork --kill-child bash -euo pipefail -s -- "$@" <<'INSIDE'
root=$layer/root
mount -t overlay overlay -o "lowerdir=$base,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t sysfs -o ro sysfs "$root/sys"
mkdir -p "$root/srv/newsletter"
mount --bind "$layer/clone" "$root/srv/newsletter"
carry() { [ ! -e "$1" ] || { mkdir -p "$root$(dirname "$1")"; cp -aL "$1" "$root$1"; }; }
carry /etc/resolv.conf
carry /etc/hosts
carry /etc/ssl/certs/ca-certificates.crt
variables=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)
while IFS= read -r line; do variables+=("$line"); done < <(env | grep -E '^(CI|NO_PROXY|no_proxy|https?_proxy|HTTPS?_PROXY)=' || true)
for setting in index-url cert proxy timeout trusted-host; do
  if value=$(python3 -m pip config get "global.$setting" 2>/dev/null); then
    name=${setting^^}
    variables+=("PIP_${name//-/_}=$value")
  fi
done
if [ -n "${NEWSLETTER_REAL_PAGES:-}" ]; then
  mkdir -p "$root/srv/pages"
  mount --bind "$NEWSLETTER_REAL_PAGES" "$root/srv/pages"
  variables+=(NEWSLETTER_REAL_PAGES=/srv/pages)
fi
command=${*:-make demo && make test}
env -i "${variables[@]}" chroot "$root" bash -c '
  . /etc/os-release; echo "$PRETTY_NAME, $(python3 --version): $1"; cd /srv/newsletter && eval "$1"' - "$command"
INSIDE
