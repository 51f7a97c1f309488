"""The judge of lab evaluation, a cell tagged `colab-only`, run as it stands on a tiny model.

As in tests/test_colab_models.py: a model of the same class, with random weights, lies beside the
notebook under the name that the cell asks for, and the cell believes that it is on Colab with a GPU.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nbformat
import pytest

from autograder import notebooks
from tests import colabenv

pytestmark = [
    pytest.mark.notebooks,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not hasattr(colabenv, "HUB"), reason="transformers is not among Colab's packages here"
    ),
]
NOTEBOOK = colabenv.ROOT / "solutions" / "evaluation" / "evaluation.ipynb"
QWEN = "Qwen/Qwen2.5-1.5B-Instruct"  # a Qwen2ForCausalLM, byte-level BPE, a chat template

MAKE = """
import sys
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

words = Tokenizer(models.BPE())
words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
words.decoder = decoders.ByteLevel()
trainer = trainers.BpeTrainer(
    vocab_size=320,
    special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    show_progress=False,
)
words.train_from_iterator(["정답: ① 정답: ②"], trainer)
reader = PreTrainedTokenizerFast(
    tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|endoftext|>"
)
reader.chat_template = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }} {{ m['content'] }}<|im_end|> {% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant {% endif %}"
)
reader.save_pretrained(sys.argv[1])
torch.manual_seed(0)
size = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
config = Qwen2Config(
    vocab_size=336, num_key_value_heads=2, max_position_embeddings=2048, **size
)
Qwen2ForCausalLM(config).save_pretrained(sys.argv[1])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the notebook opens, with the model in it; JUPYTER_PATH leads to the kernel."""
    colabenv.ready()
    folder = tmp_path / "empty"
    folder.mkdir()
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub"), "PYTHONWARNINGS": "ignore"}
    subprocess.run(
        [colabenv.PYTHON, "-c", MAKE, folder / QWEN],
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
    """Given cells, answers and the cell itself: no test, no other demo."""
    if cell.cell_type != "code":
        return False
    tagged = "colab-only" in cell.metadata.get("tags", [])
    return tagged or notebooks.role(cell) in ("given", "answer")


def test_a_tiny_model_of_the_same_class_judges(folder: Path) -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if wanted(cell)]
    assert QWEN in cells[-1].source and "colab-only" in cells[-1].metadata.tags
    node = colabenv.execute([cell.source for cell in cells], folder)
    outputs = node.cells[-1].outputs
    said = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert f"심판: {QWEN}" in said and "흉내" not in said
    assert "판정: 24번 가운데" in said  # six questions, two pairs each, both orders
