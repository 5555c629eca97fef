#!/usr/bin/env bash
# debootstrap.sh ENGINE TAG: makes a base image out of this machine's own package mirror, for where no registry answers.
# Debian trixie where the mirror has it, else this machine's own release. Needs root, on Debian or Ubuntu.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What a sandbox's shell is expected to find, besides what the smallest Debian has, and a name for any user.
PACKAGES=python3,python3-pip,ca-certificates,file,jq,less,libnss-extrausers,procps,unzip,zip

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
  # A mount namespace of its own: whatever debootstrap mounts goes away with it.
  unshare --mount debootstrap --variant=minbase --components="$COMPONENTS" --include="$PACKAGES" \
    "$suite" "$root" "$mirror" ${script:+"$script"}
}

# The updates and security fixes that came after the release, from the same archives as this machine's own.
upgrade_root() {
  local suite=$1 root=$2 uri codename
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
  if chroot "$root" apt-get update; then
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get --yes upgrade
  else
    echo "no updates: apt in the new root cannot reach its archives"
  fi
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
  trap "rm -rf --one-file-system '$work'" EXIT
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
  upgrade_root "$made" "$work/root"
  finish_root "$work/root"
  # shellcheck source=/dev/null
  release=$(. "$work/root/etc/os-release" && echo "$PRETTY_NAME")
  tar --directory "$work/root" --numeric-owner --one-file-system --create . \
    | "$engine" import --message "debootstrap $made" --change 'CMD ["bash"]' \
      --change "LABEL exec-mcp.release=\"$release\"" \
      --change "LABEL exec-mcp.build-inputs=$(sha256 <"${BASH_SOURCE[0]}")" - "$tag"
}

main "$@"
