"""ptrace, mount, namespaces, keys, bpf and others: refused, each with EPERM."""

from __future__ import annotations

SOURCE = """
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
pid = os.fork()
if pid == 0:
    signal.pause()
numbers = NUMBERS
calls = {
    "ptrace": lambda: libc.ptrace(16, pid, None, None),
    "process_vm_readv": lambda: libc.process_vm_readv(pid, None, 0, None, 0, 0),
    "mount": lambda: libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None),
    "umount": lambda: libc.umount2(b"/proc", 2),
    "chroot": lambda: libc.chroot(b"/tmp"),
    "unshare": lambda: libc.unshare(0x10000000),
    "setns": lambda: libc.setns(0, 0),
    "sethostname": lambda: libc.sethostname(b"x", 1),
    "personality": lambda: libc.personality(0x0040000),
    "shmget": lambda: libc.shmget(0, 4096, 0o1777),
    **{name: (lambda n=n: libc.syscall(n, 0, 0, 0, 0, 0)) for name, n in numbers.items()},
}
open_ones = []
for name, call in calls.items():
    ctypes.set_errno(0)
    if call() != -1 or ctypes.get_errno() != errno.EPERM:
        open_ones.append((name, ctypes.get_errno()))
print(open_ones)
os.kill(pid, 9)
"""


def test_refused(attack):
    import pyseccomp as seccomp

    names = """keyctl add_key bpf userfaultfd perf_event_open kexec_load io_uring_setup
    init_module""".split()
    numbers = {name: seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) for name in names}
    assert attack.says(SOURCE.replace("NUMBERS", repr(numbers))) == "[]\n"


def test_a_new_user_namespace_by_any_way(attack):
    source = """
import ctypes, errno, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
numbers = {"x86_64": 56, "aarch64": 220}
result = libc.syscall(numbers[os.uname().machine], 0x10000000 | 17, 0, 0, 0, 0)
if result == 0:
    os._exit(0)
print(result == -1 and ctypes.get_errno() == errno.EPERM)
ctypes.set_errno(0)
print(libc.syscall(435, 0, 0) == -1 and ctypes.get_errno() == errno.ENOSYS)
print(subprocess.run(["unshare", "-Ur", "true"], stderr=subprocess.DEVNULL).returncode != 0)
"""
    assert attack.says(source) == "True\n" * 3
