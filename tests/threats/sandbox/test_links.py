"""Links in the working folder that point out of it."""

from __future__ import annotations


def test_they_lead_nowhere(attack, open_folder):
    victim = open_folder / "grades"
    victim.write_text("40", encoding="ascii")
    victim.chmod(0o666)
    source = f"""
import os
target = {str(victim)!r}
os.symlink(target, "soft")
os.symlink("/proc/1/root", "root")
attempts = [
    lambda: open("soft", "r+").write("100"),
    lambda: os.link(target, "hard"),
    lambda: os.rename("soft", target),
    lambda: os.listdir("root"),
]
for attempt in attempts:
    try:
        attempt(); print("done")
    except OSError:
        pass
print(os.path.exists(os.path.join("../" * 20 + target[1:])))
"""
    assert attack.says(source) == "False\n"
    assert victim.read_text(encoding="ascii") == "40"


def test_data_that_became_a_link_is_data_again_for_the_next(attack):
    attack.run("import os; os.remove('d'); os.symlink('/etc/passwd', 'd')", files={"d": b"data"})
    assert attack.says("print(open('d').read())", files={"d": b"data"}) == "data\n"
