"""Start-up files planted for the interpreters to come: sitecustomize, .pth, profiles, rc files."""

from __future__ import annotations

from tests.threats.sandbox.attack import printed

PLANT = """
import os, site, sys
text = "open('/tmp/ran', 'w')"
places = ["sitecustomize.py", "usercustomize.py", "/tmp/sitecustomize.py", "x.pth", "matplotlibrc"]
places += [site.getusersitepackages() + "/x.pth", "/tmp/ipython/profile_default/startup/0.py"]
places += [os.path.expanduser("~/.ipython/profile_default/startup/0.py")]
places += [site.getsitepackages()[0] + "/x.pth", sys.prefix + "/etc/ipython/startup/0.py"]
written = 0
for place in places:
    try:
        os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        open(place, "w").write("backend: nonsense" if place == "matplotlibrc" else text)
        written += 1
    except OSError:
        pass
print(written)
"""
CHECK = """
import os, matplotlib.pyplot as plt, subprocess, sys
subprocess.run([sys.executable, "-c", ""])
plt.plot([1, 2]); plt.show()
print(os.path.exists("/tmp/ran"))
"""


def test_they_die_with_the_submission(attack):
    assert int(attack.says(PLANT)) >= 5
    (run,) = attack(CHECK)
    assert printed(run) == "False\n" and run.status == "ok"
    assert "image/png" in run.outputs[0]["data"]


def test_those_among_the_labs_files_do_not_reach_the_grader(attack):
    files = {"sitecustomize.py": b"1/0", "json.py": b"1/0", "matplotlibrc": b"backend: nonsense"}
    (run,) = attack(CHECK, files=files)
    assert run.status == "ok" and printed(run) == "False\n"
