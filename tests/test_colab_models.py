"""Cells tagged `colab-only` load an open-weight model. Here they run as they stand, on a tiny one.

transformers looks for a folder of the model's name before it asks the hub. So the model that a cell
names lies beside the notebook: of the same class, with random weights, made on the spot. The cells
believe that they are on Colab with a GPU (google.colab can be imported, the scale is the full one).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder import notebooks
from tests import colabenv

pytestmark = [pytest.mark.notebooks, pytest.mark.timeout(300)]

# What each model's making begins with: a byte-level BPE tokenizer, a seed, a size.
COMMON = """
import sys
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

torch.manual_seed(0)
size = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)

def tokenizer(count, special, text):
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=count,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words.train_from_iterator([text], trainer)
    return words
"""
POLYGLOT = "EleutherAI/polyglot-ko-1.3b"  # a GPTNeoXForCausalLM
QWEN = "Qwen/Qwen2.5-1.5B-Instruct"  # a Qwen2ForCausalLM with a chat template
MAKE = {
    POLYGLOT: """
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

end = "<|endoftext|>"
words = tokenizer(300, [end], "옛날 옛적 깊은 산속에 호랑이가 살았습니다.")
PreTrainedTokenizerFast(tokenizer_object=words, eos_token=end).save_pretrained(sys.argv[1])
# As in the real one, there are more logits than tokens: the rest only fills a round number.
config = GPTNeoXConfig(vocab_size=320, max_position_embeddings=256, **size)
GPTNeoXForCausalLM(config).save_pretrained(sys.argv[1])
""",
    QWEN: """
from transformers import Qwen2Config, Qwen2ForCausalLM

words = tokenizer(320, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], "정답: ① 정답: ②")
reader = PreTrainedTokenizerFast(
    tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|endoftext|>"
)
reader.chat_template = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }} {{ m['content'] }}<|im_end|> {% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant {% endif %}"
)
reader.save_pretrained(sys.argv[1])
config = Qwen2Config(
    vocab_size=336, num_key_value_heads=2, max_position_embeddings=2048, **size
)
Qwen2ForCausalLM(config).save_pretrained(sys.argv[1])
""",
}


@pytest.fixture
def folder_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes a model; gives the folder where a notebook opens, with that model in it.

    JUPYTER_PATH leads to the kernel.
    """

    def make(model: str) -> Path:
        colabenv.ready()
        folder = tmp_path / "empty"
        folder.mkdir()
        hub = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub"), "PYTHONWARNINGS": "ignore"}
        subprocess.run(
            [colabenv.PYTHON, "-c", COMMON + MAKE[model], folder / model],
            env={**os.environ, **hub, "PYTHONPATH": str(colabenv.HUB)},
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
        jupyter = colabenv.kernel(tmp_path, *paths, **hub, **full)
        monkeypatch.setenv("JUPYTER_PATH", str(jupyter))
        return folder

    return make


def said(lab: str, model: str, folder: Path, *demos: str) -> str:
    """What the lab's cell with the model prints, after given cells, answers and `demos`."""

    def wanted(cell: nbformat.NotebookNode) -> bool:
        if cell.cell_type != "code":
            return False
        tagged = "colab-only" in cell.metadata.get("tags", [])
        return tagged or notebooks.role(cell) in ("given", "answer") or cell.id in demos

    notebook = nbformat.read(colabenv.ROOT / f"solutions/{lab}/{lab}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if wanted(cell)]
    assert model in cells[-1].source and "colab-only" in cells[-1].metadata.tags
    outputs = colabenv.execute([cell.source for cell in cells], folder).cells[-1].outputs
    return "".join(output.text for output in outputs if output.get("name") == "stdout")


def test_lab_decoding_writes_with_a_tiny_model_of_the_same_class(folder_with) -> None:
    text = said("decoding", POLYGLOT, folder_with(POLYGLOT), "demo-tools")
    assert "그냥 지나가도" not in text
    for way in ("[greedy]", "[빔 K=4]", "[T=0.7, p=0.95]", "[T=1.5, p=0.95]"):
        assert f"{way} 옛날 옛적 깊은 산속에" in text, text
    lines = [line for line in text.split("\n") if "남은" in line]
    kept = [int(line.split("남은 토큰 ")[1].rstrip("개")) for line in lines]
    assert len(kept) == 3 and 1 <= kept[0] < kept[1] < kept[2] <= 320


def test_a_tiny_model_of_the_same_class_judges_in_lab_evaluation(folder_with) -> None:
    text = said("evaluation", QWEN, folder_with(QWEN))
    assert f"심판: {QWEN}" in text and "흉내" not in text
    assert "판정: 24번 가운데" in text  # six questions, two pairs each, both orders


# Cells of the chapter that define what its last one uses.
NEEDED = (
    "TREE = {",
    "def write(",
    "def words(",
    "def beam(",
    "def heat(",
    "def best_k(",
    "def core(",
)


def test_chapter_inference_writes_with_a_tiny_model_of_the_same_class(folder_with) -> None:
    edition = colabenv.ROOT / "book" / "hard" / "inference.ipynb"
    cells = json.loads(edition.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    named = [next(cell for cell in code if name in cell) for name in NEEDED]
    last = next(cell for cell in code if "def open_model(" in cell)
    assert POLYGLOT in last
    setup = [cell for cell in code[:3] if "import kit" in cell]
    node = colabenv.execute([*setup, *named, last], folder_with(POLYGLOT))
    text = "".join(o.text for o in node.cells[-1].outputs if o.get("name") == "stdout")
    assert "대신합니다" not in text
    for way in ("[탐욕]", "[샘플링]", "[τ=0.7]", "[k=20]", "[p=0.9]", "[빔 K=4]"):
        assert f"{way} 대한민국의" in text, text
