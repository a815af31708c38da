//! The system calls that no run needs: what starts programs, looks into other processes, changes the machine, or
//! reaches a part of the kernel in which holes are found often. A call that is given up fails with `EPERM`.

use std::collections::BTreeMap;

use seccompiler::SeccompCmpArgLen::Dword;
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use super::Inbound;

/// Refused whatever the arguments.
const REFUSED: &[i64] = &[
    // Programs.
    libc::SYS_execve,
    libc::SYS_execveat,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    // Other views of the machine.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // Other users.
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setgroups,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_capset,
    // The machine itself.
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_personality,
    libc::SYS_mknodat,
    // Large and often broken.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
];

/// For a process that accepts no connections.
const INBOUND_CALLS: &[i64] = &[libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4];

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_mknod,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_kexec_file_load,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// Name look-ups talk to the kernel over netlink, and to daemons over local sockets.
const SOCKET_FAMILIES: [i32; 4] = [
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];
/// The bits of a socket's type that are no flags.
const SOCKET_TYPE: u64 = 0xF;

/// Applies the filters to this thread and to those that it will start.
pub(super) fn give_up(inbound: Inbound) -> Result<(), Error> {
    for filter in filters(inbound)? {
        apply_filter(&filter)?;
    }
    Ok(())
}

fn filters(inbound: Inbound) -> Result<[BpfProgram; 2], BackendError> {
    let inbound_calls: &[i64] = match inbound {
        Inbound::None => INBOUND_CALLS,
        Inbound::OpenSockets => &[],
    };
    let refused = REFUSED.iter().chain(REFUSED_HERE).chain(inbound_calls);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        refused.map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_clone, vec![new_processes()?]);
    rules.insert(libc::SYS_socket, odd_sockets()?);
    rules.insert(libc::SYS_ioctl, typing_for_the_user()?);
    // The C library falls back to `clone`, whose flags a filter can read: those of `clone3` are behind a pointer.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([filter(rules, libc::EPERM)?, filter(clone3, libc::ENOSYS)?])
}

fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<BpfProgram, BackendError> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture)?.try_into()
}

fn new_processes() -> Result<SeccompRule, BackendError> {
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    SeccompRule::new(vec![SeccompCondition::new(0, Dword, MaskedEq(thread), 0)?])
}

fn odd_sockets() -> Result<Vec<SeccompRule>, BackendError> {
    let families: Result<Vec<_>, _> = SOCKET_FAMILIES
        .into_iter()
        .map(|family| SeccompCondition::new(0, Dword, Ne, u64::from(family.unsigned_abs())))
        .collect();
    let raw = |family: i32| {
        SeccompRule::new(vec![
            SeccompCondition::new(0, Dword, Eq, u64::from(family.unsigned_abs()))?,
            SeccompCondition::new(
                1,
                Dword,
                MaskedEq(SOCKET_TYPE),
                u64::from(libc::SOCK_RAW.unsigned_abs()),
            )?,
        ])
    };
    Ok(vec![
        SeccompRule::new(families?)?,
        raw(libc::AF_INET)?,
        raw(libc::AF_INET6)?,
    ])
}

/// What puts characters into a terminal's input, as if the user had typed them.
fn typing_for_the_user() -> Result<Vec<SeccompRule>, BackendError> {
    [libc::TIOCSTI, libc::TIOCLINUX]
        .into_iter()
        .map(|request| SeccompRule::new(vec![SeccompCondition::new(1, Dword, Eq, request)?]))
        .collect()
}
