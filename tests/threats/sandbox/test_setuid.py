"""More rights: setuid programs, setuid calls, a file with the bit set."""

from __future__ import annotations


def test_there_are_none_to_be_had(attack):
    source = """
import os, shutil, subprocess
for call in (os.setuid, os.setgid, os.seteuid):
    try:
        call(0); print("became", os.getuid())
    except OSError:
        pass
shutil.copy("/bin/sleep", "own"); os.chmod("own", 0o6755)
for program in ("su", "sudo", "mount", "newuidmap"):
    path = shutil.which(program)
    if path:
        done = subprocess.run([path, "-c", "id -u"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            print(program, done.stdout)
status = open("/proc/self/status").read()
rights = ("CapPrm", "CapEff", "CapBnd", "NoNewP")
print(*(line.split()[1] for line in status.splitlines() if line[:6] in rights))
print(os.getuid() != 0, os.getgroups() in ([], [os.getgid()], [65534]))
"""
    zero = "0" * 16
    assert attack.says(source) == f"{zero} {zero} {zero} 1\nTrue True\n"
