"""The system calls that student code is refused (seccomp): none that a lab has a use for."""

from __future__ import annotations

import errno
import socket

from autograder.sandbox import linux

# Looking into or at other processes; keys; mounts and namespaces; the kernel's own switches; ways
# to memory that no limit counts; interfaces that bring kernel bugs and nothing to a lab.
REFUSED = """
ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd
add_key request_key keyctl
mount umount umount2 pivot_root chroot move_mount open_tree open_tree_attr fsopen fsconfig fsmount
fspick mount_setattr unshare setns name_to_handle_at open_by_handle_at
bpf userfaultfd perf_event_open io_uring_setup io_uring_enter io_uring_register fanotify_init
kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct
quotactl quotactl_fd syslog vhangup sethostname setdomainname settimeofday clock_settime adjtimex
clock_adjtime stime iopl ioperm modify_ldt lookup_dcookie nfsservctl personality
shmget msgget semget mq_open
""".split()

# glibc falls back from these when they are «not there»: clone3's flags lie in memory, where a
# filter cannot look, and a memfd's pages belong to no file system with a size.
MISSING = ["clone3", "memfd_create"]

FAMILIES = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6}
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_NEW = (linux.NEWNS, linux.NEWUTS, linux.NEWIPC, linux.NEWUSER, linux.NEWPID, linux.NEWNET)
_NEWCGROUP, _NEWTIME = 0x02000000, 0x00000080


class Filter:
    """The filter, built once; `load` puts it around the calling process for good.

    Raises:
        ImportError: pyseccomp is not installed.
        RuntimeError: it is, but libseccomp is not.
    """

    def __init__(self) -> None:
        import pyseccomp as seccomp

        refuse, absent = seccomp.ERRNO(errno.EPERM), seccomp.ERRNO(errno.ENOSYS)
        self._filter = seccomp.SyscallFilter(seccomp.ALLOW)
        for names, action in ((REFUSED, refuse), (MISSING, absent)):
            for name in names:
                # An older libseccomp does not know a newer call, an architecture not every old one.
                if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != -1:
                    self._add(action, name)
        for flag in (*_NEW, _NEWCGROUP, _NEWTIME):
            self._add(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
        # Namespaces do not hold every family: AF_VSOCK reaches the machine that hosts this one.
        no_family = seccomp.ERRNO(errno.EAFNOSUPPORT)
        highest = max(FAMILIES)
        self._add(no_family, "socket", seccomp.Arg(0, seccomp.GT, highest))
        for family in set(range(highest)) - FAMILIES:
            self._add(no_family, "socket", seccomp.Arg(0, seccomp.EQ, family))
        for request in (_TIOCSTI, _TIOCLINUX):
            self._add(refuse, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))

    def _add(self, action: int, name: str, *arguments) -> None:
        self._filter.add_rule(action, name, *arguments)

    def load(self) -> None:
        """Raises OSError when the kernel will not have it."""
        self._filter.load()
