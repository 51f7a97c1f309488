"""Cells tagged `colab-only` load an open-weight model. Here they run as they stand, on a tiny one.

transformers looks for a folder of the model's name before it asks the hub. So the model that a cell
names lies beside the notebook: of the same class, with random weights, made on the spot. The cells
believe that they are on Colab with a GPU (google.colab can be imported, the scale is the full one).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nbformat
import pytest

from autograder import notebooks
from tests import colabenv

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(300)]
NOTEBOOK = colabenv.ROOT / "solutions" / "decoding" / "decoding.ipynb"
POLYGLOT = "EleutherAI/polyglot-ko-1.3b"  # a GPTNeoXForCausalLM with a byte-level BPE tokenizer

MAKE = """
import sys
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast

words = Tokenizer(models.BPE())
words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
words.decoder = decoders.ByteLevel()
alphabet = pre_tokenizers.ByteLevel.alphabet()
trainer = trainers.BpeTrainer(
    vocab_size=300,
    special_tokens=["<|endoftext|>"],
    initial_alphabet=alphabet,
    show_progress=False,
)
words.train_from_iterator(["옛날 옛적 깊은 산속에 호랑이가 살았습니다."], trainer)
reader = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<|endoftext|>")
reader.save_pretrained(sys.argv[1])
torch.manual_seed(0)
size = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
# As in the real one, there are more logits than tokens: the rest only fills a round number.
config = GPTNeoXConfig(vocab_size=320, max_position_embeddings=256, **size)
GPTNeoXForCausalLM(config).save_pretrained(sys.argv[1])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the notebook opens, with the model in it; JUPYTER_PATH leads to the kernel."""
    colabenv.ready()
    folder = tmp_path / "empty"
    folder.mkdir()
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub"), "PYTHONWARNINGS": "ignore"}
    subprocess.run(
        [colabenv.PYTHON, "-c", MAKE, folder / POLYGLOT],
        env={**os.environ, **offline, "PYTHONPATH": str(colabenv.HUB)},
        check=True,
        capture_output=True,
    )
    stub = tmp_path / "stub"
    (stub / "google" / "colab").mkdir(parents=True)
    (stub / "google" / "colab" / "__init__.py").write_text('"""Stands for Colab\'s own."""\n')
    (stub / "sitecustomize.py").write_text("import google.colab\n")
    book = colabenv.ROOT / "book"  # kit.py and checks.py: a lab's source has no header
    full = {"COURSE_QUICK": "0", "COURSE_FULL": "1"}
    # With the font at hand kit does not send pip for it: .venv-colab/ must stay as it is.
    paths = (stub, colabenv.HUB, colabenv.FONT, book)
    jupyter = colabenv.kernel(tmp_path, *paths, **offline, **full)
    monkeypatch.setenv("JUPYTER_PATH", str(jupyter))
    return folder


def wanted(cell: nbformat.NotebookNode) -> bool:
    """Given cells, answers, the demo's tools and the cell itself: no test, no training."""
    if cell.cell_type != "code":
        return False
    tagged = "colab-only" in cell.metadata.get("tags", [])
    return tagged or notebooks.role(cell) in ("given", "answer") or cell.id == "demo-tools"


def test_lab_decoding_writes_with_a_tiny_model_of_the_same_class(folder: Path) -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if wanted(cell)]
    assert POLYGLOT in cells[-1].source and "colab-only" in cells[-1].metadata.tags
    node = colabenv.execute([cell.source for cell in cells], folder)
    outputs = node.cells[-1].outputs
    said = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert "그냥 지나가도" not in said
    for way in ("[greedy]", "[빔 K=4]", "[T=0.7, p=0.95]", "[T=1.5, p=0.95]"):
        assert f"{way} 옛날 옛적 깊은 산속에" in said, said
    kept = [
        int(line.split("남은 토큰 ")[1].rstrip("개")) for line in said.split("\n") if "남은" in line
    ]
    assert len(kept) == 3 and 1 <= kept[0] < kept[1] < kept[2] <= 320
