/** Whose a process is. Texts are raw; '' is what is not known. */
export interface Owner {
  /** Of the effective user id: its name, or the number where it has none. */
  readonly user: string;
  /** The control group: its path below the mount of cgroup v2. */
  readonly cgroup: string;
}

export const UNKNOWN_OWNER: Owner = { user: '', cgroup: '' };

/** What systemd calls a unit that processes can be in (systemd.unit(5)). */
export const UNIT_SUFFIX = /\.(service|scope|slice|socket|mount|swap)$/;
/** `docker-ID.scope`, `cri-containerd-ID.scope`, `/docker/ID`; not the monitor's own (`crio-conmon-ID.scope`). */
export const CONTAINER = /^(?!.*conmon)(?:.*[-:])?([0-9a-f]{32,64})(?:\.scope)?$/;
/** Digits of a container's id that tools show. */
const SHORT_ID = 12;

/**
 * The systemd unit of a cgroup, '' where it has none: the outermost that is no slice, as sd_pid_get_unit(3) says. A
 * name that would be taken for one of the kernel's files has an underscore in front (cg_escape of systemd).
 */
export function unitOf(cgroup: string): string {
  for (const name of cgroup.split('/')) {
    if (name.endsWith('.slice') || !UNIT_SUFFIX.test(name)) continue;
    return name.replace(/^_/, '');
  }
  return '';
}

/** The same for a narrow column: a container by the beginning of its id, a unit without `.service`, or the last name. */
export function shortCgroup(cgroup: string): string {
  if (cgroup === '' || cgroup === '/') return cgroup;
  const names = cgroup.split('/');
  for (const name of names) {
    const id = CONTAINER.exec(name)?.[1];
    if (id !== undefined) return id.slice(0, SHORT_ID);
  }
  const unit = unitOf(cgroup);
  return unit === '' ? names.at(-1)! : unit.replace(/\.service$/, '');
}
