#!/usr/bin/env bash
# debootstrap.sh ENGINE TAG: makes a base image out of this machine's own package mirror, for where no registry answers.
# Debian trixie where the mirror has it, else this machine's own release. Needs root, on Debian or Ubuntu.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What the smallest Debian lacks to be a base.
PACKAGES=python3,python3-pip,python3-venv,ca-certificates

# In memory it takes a third of the time, because dpkg writes every file through to the disk. In KiB, with room to spare.
TMPFS_KIB=2097152

CERTIFICATES=/etc/ssl/certs/ca-certificates.crt

# Prints "URI CODENAME" for each archive apt is configured to use, whatever format and alias its sources are written in.
# It answers from its package lists.
archives() {
  # shellcheck disable=SC2016 # apt-get expands these.
  apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' \
    | awk '$3 == "main" { print $1, $2 }' | sort -u
}

# A mirror list names its mirrors in a file; any one of them will do.
resolve_mirror_list() {
  case $1 in
    mirror+file:*) awk '$1 ~ /^https?:/ { print $1; exit }' "${1#mirror+file:}" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# make_root SUITE MIRROR DIRECTORY
make_root() {
  local suite=$1 mirror=$2 root=$3 script=
  # A debootstrap older than the release has no script of its own for it; Debian's releases all share one.
  if [ "$ID" = debian ] && [ ! -e "/usr/share/debootstrap/scripts/$suite" ]; then script=sid; fi
  debootstrap --variant=minbase --components="$COMPONENTS" --include="$PACKAGES" \
    "$suite" "$root" "$mirror" ${script:+"$script"}
}

# The updates and security fixes that came after the release, from the same archives as this machine's own, and what a
# sandbox's shell is expected to find: apt installs it several times as fast as debootstrap.
complete_root() {
  local suite=$1 root=$2 uri codename packages options=(-o Acquire::Retries=5)
  archives | while read -r uri codename; do
    uri=$(resolve_mirror_list "$uri")
    case $codename in
      "$VERSION_CODENAME"*)
        # Never a mirror's user name and password: everyone with the image could read them.
        printf 'deb %s %s %s\n' "$(printf '%s' "$uri" | sed 's,//[^/@]*@,//,')" \
          "$suite${codename#"$VERSION_CODENAME"}" "${COMPONENTS//,/ }" ;;
    esac
  done >"$root/etc/apt/sources.list"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  # A mirror behind HTTPS may have a certificate that only this machine trusts.
  if [ -f "$CERTIFICATES" ]; then
    cp "$CERTIFICATES" "$root/tmp/certificates.pem"
    options+=(-o Acquire::https::CAInfo=/tmp/certificates.pem)
  fi
  mapfile -t packages <"$CONTAINER_DIR/packages.txt"
  if chroot "$root" apt-get "${options[@]}" update; then
    export DEBIAN_FRONTEND=noninteractive
    chroot "$root" apt-get "${options[@]}" --yes upgrade
    chroot "$root" apt-get "${options[@]}" --yes --no-install-recommends install "${packages[@]}"
  else
    echo "no updates: apt in the new root cannot reach its archives"
  fi
  rm -f "$root/tmp/certificates.pem"
}

# Makes the root resemble the official Python images: `python`, and a pip that installs without ado.
finish_root() {
  local root=$1
  ln -sf ../../bin/python3 "$root/usr/local/bin/python"
  # The marker protects a distribution's own tools from pip. This image exists for the packages pip installs.
  rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
  rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* \
    "$root"/var/log/*.log "$root"/var/log/apt \
    "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/*
  # Headers; there is no compiler.
  rm -rf "$root"/usr/lib/*/perl/*/CORE
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  find "$root/usr/share/doc" -depth -type d -empty -delete
  rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
}

main() {
  local engine=$1 tag=$2 work mirror suite made='' release
  # shellcheck source=/dev/null
  . /etc/os-release
  COMPONENTS=main
  if [ "$ID" = ubuntu ]; then COMPONENTS=main,universe; fi
  if [ -z "$(archives)" ]; then apt-get update; fi
  mirror=$(archives | awk -v codename="$VERSION_CODENAME" '$2 == codename { print $1; exit }')
  mirror=$(resolve_mirror_list "$mirror")
  [ -n "$mirror" ] || die "apt's sources name no archive for $VERSION_CODENAME"

  # Not /tmp: that may forbid device files and programs.
  work=$(mktemp -d /var/tmp/exec-mcp-base.XXXXXX)
  # shellcheck disable=SC2064
  trap "umount '$work' 2>/dev/null; rm -rf --one-file-system '$work'" EXIT
  if [ "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" -gt $((2 * TMPFS_KIB)) ]; then
    mount -t tmpfs -o "mode=0755,size=${TMPFS_KIB}k" tmpfs "$work" || echo "not in memory, so this takes longer"
  fi
  local candidates=("$VERSION_CODENAME")
  if [ "$ID" = debian ] && [ "$VERSION_CODENAME" != trixie ]; then candidates=(trixie "$VERSION_CODENAME"); fi
  for suite in "${candidates[@]}"; do
    rm -rf --one-file-system "${work:?}/root"
    if make_root "$suite" "$mirror" "$work/root"; then
      made=$suite
      break
    fi
    echo "debootstrap could not make $suite"
  done
  [ -n "$made" ] || die "debootstrap could make none of: ${candidates[*]}"
  complete_root "$made" "$work/root"
  finish_root "$work/root"
  # shellcheck source=/dev/null
  release=$(. "$work/root/etc/os-release" && echo "$PRETTY_NAME")
  tar --directory "$work/root" --numeric-owner --one-file-system --create . \
    | "$engine" import --message "debootstrap $made" --change 'CMD ["bash"]' \
      --change "LABEL exec-mcp.release=\"$release\"" \
      --change "LABEL exec-mcp.build-inputs=$(base_inputs)" - "$tag"
}

# In a mount namespace of its own: whatever is mounted here goes away with it.
if [ -z "${IN_NAMESPACE:-}" ]; then IN_NAMESPACE=1 exec unshare --mount "$BASH" "${BASH_SOURCE[0]}" "$@"; fi
main "$@"
