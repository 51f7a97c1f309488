"""Plausible answers to lab evaluation: wrong ones that hidden tests must catch, right ones they must accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- extract_choice
_CHOICE = r"""
def extract_choice(text, n):
    digits = "①②③④⑤⑥⑦⑧⑨"
    for k in range(1, 10):
        text = text.replace(digits[k - 1], f"({k})")
    choice = rf"(?:\(([1-{n}])\)|(?<!\d)([1-{n}])번)"
    last = None
    for match in re.finditer(r"(?<!오)답[은이:*\s]*" + choice, text):
        last = int(match.group(1) or match.group(2))
    if last is not None:
        return last
    found = {a or b for a, b in re.findall(choice, text)}
    return int(found.pop()) if len(found) == 1 else None
"""
_CHOICE_SCAN = r'''
def extract_choice(text, n):
    def at(place):
        """The number of the choice that begins here, or None."""
        rest = text[place:]
        for k in range(1, n + 1):
            if rest.startswith("①②③④⑤⑥⑦⑧⑨"[k - 1]) or rest.startswith(f"({k})"):
                return k
            before = text[place - 1 : place]
            if rest.startswith(f"{k}번") and not before.isdigit():
                return k
        return None

    told, seen = [], set()
    for place, letter in enumerate(text):
        if at(place) is not None:
            seen.add(at(place))
        if letter == "답" and text[max(place - 1, 0) : place] != "오":
            after = place + 1
            while after < len(text) and (text[after] in "은이:*" or text[after].isspace()):
                after += 1
            if after < len(text) and at(after) is not None:
                told.append(at(after))
    if told:
        return told[-1]
    return seen.pop() if len(seen) == 1 else None
'''

# ---------------------------------------------------------------- rouge_n
_ROUGE = """\
def rouge_n(candidate, reference, n):
    ours = [tuple(candidate[i:i + n]) for i in range(len(candidate) - n + 1)]
    theirs = [tuple(reference[i:i + n]) for i in range(len(reference) - n + 1)]
    overlap = 0
    for gram in set(ours):
        overlap += min(ours.count(gram), theirs.count(gram))
    P = overlap / len(ours) if ours else 0.0
    R = overlap / len(theirs) if theirs else 0.0
    F = 2 * P * R / (P + R) if P + R else 0.0
    return P, R, F
"""
_ROUGE_ZIP = """\
def rouge_n(candidate, reference, n):
    grams = []
    for tokens in (candidate, reference):
        counts = {}
        for gram in zip(*(tokens[k:] for k in range(n))):
            counts[gram] = counts.get(gram, 0) + 1
        grams.append(counts)
    shared = sum(min(times, grams[1].get(gram, 0)) for gram, times in grams[0].items())
    sizes = [sum(counts.values()) for counts in grams]
    if shared == 0:
        return 0.0, 0.0, 0.0
    return shared / sizes[0], shared / sizes[1], 2 * shared / sum(sizes)
"""

# ---------------------------------------------------------------- rouge_l
_LCS = """\
def rouge_l(candidate, reference):
    m, k = len(candidate), len(reference)
    L = [[0] * (k + 1) for _ in range(m + 1)]
    for i in range(1, m + 1):
        for j in range(1, k + 1):
            if candidate[i - 1] == reference[j - 1]:
                L[i][j] = L[i - 1][j - 1] + 1
            else:
                L[i][j] = max(L[i - 1][j], L[i][j - 1])
    length = L[m][k]
    if length == 0:
        return 0.0, 0.0, 0.0
    P, R = length / m, length / k
    return P, R, 2 * P * R / (P + R)
"""
_LCS_REMEMBERED = """\
from functools import lru_cache

def rouge_l(candidate, reference):
    a, b = tuple(candidate), tuple(reference)

    @lru_cache(maxsize=None)
    def longest(i, j):
        if i == len(a) or j == len(b):
            return 0
        if a[i] == b[j]:
            return 1 + longest(i + 1, j + 1)
        return max(longest(i + 1, j), longest(i, j + 1))

    length = longest(0, 0)
    P = length / len(a) if a else 0.0
    R = length / len(b) if b else 0.0
    return P, R, (2 * P * R / (P + R) if length else 0.0)
"""
# The places in the reference, as a longest increasing subsequence.
_LCS_PATIENCE = """\
import bisect

def rouge_l(candidate, reference):
    places = {}
    for j, token in enumerate(reference):
        places.setdefault(token, []).append(j)
    tops = []
    for token in candidate:
        for j in reversed(places.get(token, [])):
            k = bisect.bisect_left(tops, j)
            tops[k:k + 1] = [j]
    length = len(tops)
    if not length:
        return 0.0, 0.0, 0.0
    return length / len(candidate), length / len(reference), 2 * length / (len(candidate) + len(reference))
"""

# ---------------------------------------------------------------- masked_mean_cosine
_COS = """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    u = a.masked_fill(~a_mask[..., None], 0.0).sum(1)
    v = b.masked_fill(~b_mask[..., None], 0.0).sum(1)
    size = u.norm(dim=1) * v.norm(dim=1)
    return torch.where(size > 0, (u * v).sum(1) / size.clamp(min=1e-30), torch.zeros_like(size))
"""
_COS_LOOP = """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    rows = []
    for x, keep, y, hold in zip(a, a_mask, b, b_mask):
        value = x.new_zeros(())
        if keep.any() and hold.any():
            u, v = x[keep].mean(0), y[hold].mean(0)
            if u.any() and v.any():
                value = torch.dot(u, v) / (u.norm() * v.norm())
        rows.append(value)
    return torch.stack(rows)
"""
_COS_NORMALIZED = """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    def unit(x, mask):
        real = torch.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
        weights = mask.to(x.dtype) / mask.sum(1, keepdim=True).clamp(min=1)
        return torch.nn.functional.normalize(torch.einsum("bt,btd->bd", weights, real), dim=-1)
    return torch.einsum("bd,bd->b", unit(a, a_mask), unit(b, b_mask))
"""

# ---------------------------------------------------------------- perplexity
_PPL = """\
def perplexity(logits, ids, mask, count=None):
    told = mask[:, 1:]
    z, target = logits[:, :-1][told], ids[:, 1:][told]
    n = len(target)
    if n == 0:
        raise ValueError("nothing to predict")
    nll = torch.logsumexp(z, -1) - z[torch.arange(n), target]
    return (nll.sum() / (n if count is None else count)).exp()
"""
_PPL_CROSS_ENTROPY = """\
def perplexity(logits, ids, mask, count=None):
    y = torch.where(mask, ids, torch.full_like(ids, -100))[:, 1:]
    n = int((y != -100).sum())
    if not n:
        raise ValueError("no token")
    z = torch.where((y != -100)[..., None], logits[:, :-1], torch.zeros_like(logits[:, :-1]))
    total = torch.nn.functional.cross_entropy(z.transpose(1, 2), y, reduction="sum")
    return torch.exp(total / (count or n))
"""
_PPL_LOOP = """\
def perplexity(logits, ids, mask, count=None):
    total, n = logits.new_zeros(()), 0
    for b in range(ids.shape[0]):
        for t in range(1, ids.shape[1]):
            if mask[b, t]:
                total = total - torch.log_softmax(logits[b, t - 1], 0)[ids[b, t]]
                n += 1
    if n == 0:
        raise ValueError
    if count is not None:
        n = count
    return torch.exp(total / n)
"""

# ---------------------------------------------------------------- bradley_terry
_BT = """\
def bradley_terry(wins):
    M = len(wins)
    pi = torch.ones(M, dtype=wins.dtype)
    for _ in range(3000):
        new = torch.zeros_like(pi)
        games = wins + wins.T
        new = wins.sum(1) / (games / (pi[:, None] + pi[None, :])).sum(1)
        pi = new / new.sum()
    theta = pi.log()
    return theta - theta.mean()
"""
_BT_NEWTON = """\
def bradley_terry(wins):
    games = wins + wins.T
    theta = torch.zeros(len(wins), dtype=torch.float64)
    for _ in range(100):
        p = torch.sigmoid(theta[:, None] - theta)
        gradient = (wins - games * p).sum(1)
        weight = games * p * (1 - p)
        hessian = torch.diag(weight.sum(1)) - weight
        step = torch.linalg.solve(hessian + 1.0, gradient)  # + 1: not singular
        theta = theta + step.clamp(-1, 1)
        theta = theta - theta.mean()
    return theta
"""
# The best of three optimisers is a matter of taste: here torch's own.
_BT_LBFGS = """\
def bradley_terry(wins):
    theta = torch.zeros(len(wins), dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([theta], max_iter=500, tolerance_grad=1e-12,
                               tolerance_change=1e-14, line_search_fn="strong_wolfe")

    def closure():
        solver.zero_grad()
        gap = theta[:, None] - theta[None]
        loss = -(wins * torch.nn.functional.logsigmoid(gap)).sum() / wins.sum()
        loss.backward()
        return loss

    solver.step(closure)
    with torch.no_grad():
        return theta - theta.mean()
"""
_BT_LOOPS = """\
def bradley_terry(wins):
    M, w = len(wins), wins.tolist()
    pi = [1.0] * M
    for _ in range(2000):
        new = []
        for i in range(M):
            below = sum((w[i][j] + w[j][i]) / (pi[i] + pi[j]) for j in range(M) if j != i)
            new.append(sum(w[i]) / below)
        if max(abs(x / y - 1) for x, y in zip(new, pi)) < 1e-10:
            break
        pi = new
    theta = torch.tensor(pi, dtype=torch.float64).log()
    return theta - theta.mean()
"""

# ---------------------------------------------------------------- swap_judge
_SWAP = """\
def swap_judge(judge, question, a, b):
    first = judge(question, a, b)
    second = judge(question, b, a)
    if first == 1 and second == 2:
        return 1.0
    if first == 2 and second == 1:
        return 0.0
    return 0.5
"""
_SWAP_BACKWARDS = """\
def swap_judge(judge, question, a, b):
    later = judge(question, b, a)
    earlier = judge(question, a, b)
    a_wins = (earlier == 1) + (later == 2)
    b_wins = (earlier == 2) + (later == 1)
    return {(2, 0): 1, (0, 2): 0}.get((a_wins, b_wins), 0.5)
"""

# ---------------------------------------------------------------- length_control
_LENGTH = """\
def length_control(score, x):
    theta, gamma = 0.0, 0.0
    for _ in range(30):
        p = 1 / (1 + torch.exp(-(theta + gamma * x)))
        w = p * (1 - p)
        a, b, c = float(w.sum()), float((w * x).sum()), float((w * x * x).sum())
        g, h = float((score - p).sum()), float(((score - p) * x).sum())
        det = a * c - b * b
        theta, gamma = theta + (c * g - b * h) / det, gamma + (a * h - b * g) / det
    return theta, gamma
"""
_LENGTH_GRADIENT = """\
def length_control(score, x):
    theta = torch.zeros((), dtype=torch.float64)
    gamma = torch.zeros((), dtype=torch.float64)
    for _ in range(3000):
        left = score - torch.sigmoid(theta + gamma * x)
        theta, gamma = theta + 2 * left.mean(), gamma + 2 * (left * x).mean()
    return theta, gamma
"""
_LENGTH_AUTOGRAD = """\
def length_control(score, x):
    coef = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([coef], max_iter=200, tolerance_grad=1e-10,
                               tolerance_change=1e-14, line_search_fn="strong_wolfe")

    def closure():
        solver.zero_grad()
        z = coef[0] + coef[1] * x
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, score)
        loss.backward()
        return loss

    solver.step(closure)
    return tuple(coef.detach().tolist())
"""

# ---------------------------------------------------------------- splice_image_tokens
_SPLICE = """\
def splice_image_tokens(ids, table, images, image_id):
    if int((ids == image_id).sum()) != len(images):
        raise ValueError("images and places differ")
    rows, k = [], 0
    for token in ids.tolist():
        if token == image_id:
            rows.append(images[k])
            k += 1
        else:
            rows.append(table[token][None])
    return torch.cat(rows)
"""
_SPLICE_SCATTER = """\
def splice_image_tokens(ids, table, images, image_id):
    K, P, D = images.shape
    here = ids == image_id
    if here.sum() != K:
        raise ValueError(K)
    times = torch.where(here, P, 1)
    wide = here.repeat_interleave(times)
    out = table.new_zeros(len(wide), D)
    out[wide] = images.reshape(-1, D)
    out[~wide] = table[ids[~here]]
    return out
"""

# ---------------------------------------------------------------- filter_synthetic
_FILTER = """\
def filter_synthetic(candidates, pool, limit=0.7):
    kept = []
    for k in range(len(candidates)):
        near = 0.0
        for other in list(pool) + [candidates[i] for i in kept]:
            near = max(near, rouge_l(candidates[k], other)[2])
        if near < limit:
            kept.append(k)
    return kept
"""
_FILTER_OWN = """\
def filter_synthetic(candidates, pool, limit=0.7):
    def lcs(a, b):
        row = [0] * (len(b) + 1)
        for x in a:
            last = 0
            for j, y in enumerate(b, 1):
                last, row[j] = row[j], last + 1 if x == y else max(row[j], row[j - 1])
        return row[-1]

    known, kept = [list(text) for text in pool], []
    for k, text in enumerate(candidates):
        near = [2 * lcs(text, other) / (len(text) + len(other)) for other in known]
        if not any(value >= limit for value in near):
            kept.append(k)
            known.append(text)
    return kept
"""

MUTANTS: dict[str, dict[str, str]] = {
    "extract_choice": {
        "first_digit": r"""
def extract_choice(text, n):
    found = re.search(r"[1-9①②③④⑤⑥⑦⑧⑨]", text)
    if not found:
        return None
    mark = found[0]
    k = "①②③④⑤⑥⑦⑧⑨".find(mark) + 1 or int(mark)
    return k if k <= n else None
""",
        "first_told": slip(_CHOICE, "last = int(", "last = last or int("),
        "wrong_answers_too": slip(_CHOICE, "(?<!오)답", "답"),
        "guesses_between_two": slip(
            _CHOICE,
            "int(found.pop()) if len(found) == 1 else None",
            "int(min(found)) if found else None",
        ),
        "last_mentioned": slip(
            _CHOICE,
            "found = {a or b for a, b in re.findall(choice, text)}",
            "found = [a or b for a, b in re.findall(choice, text)][-1:]",
        ),
        "last_digit_of_a_number": slip(_CHOICE, r"(?<!\d)([1", "([1"),
        "circled_only": r"""
def extract_choice(text, n):
    marks = "①②③④⑤⑥⑦⑧⑨"[:n]
    told = re.findall(rf"(?<!오)답[은이:*\s]*([{marks}])", text)
    found = set(told[-1:] or re.findall(f"[{marks}]", text))
    return marks.index(found.pop()) + 1 if len(found) == 1 else None
""",
        "five_choices_always": slip(
            _CHOICE, r"\(([1-{n}])\)|(?<!\d)([1-{n}])번", r"\(([1-5])\)|(?<!\d)([1-5])번"
        ),
        "beyond_the_last": slip(
            _CHOICE, r"\(([1-{n}])\)|(?<!\d)([1-{n}])번", r"\(([1-9])\)|(?<!\d)([1-9])번"
        ),
        "beyond_the_last_is_told": slip(
            slip(_CHOICE, r"\(([1-{n}])\)|(?<!\d)([1-{n}])번", r"\(([1-9])\)|(?<!\d)([1-9])번"),
            "        return last\n",
            "        return last if last <= n else None\n",
        ).replace("re.findall(choice, text)}", "re.findall(choice, text) if int(a or b) <= n}"),
        "from_zero": slip(_CHOICE, "return last\n", "return last - 1\n"),
        "a_string": slip(
            _CHOICE,
            "last = int(match.group(1) or match.group(2))",
            "last = match.group(1) or match.group(2)",
        ),
        "told_only": slip(_CHOICE, "int(found.pop()) if len(found) == 1 else None", "None"),
        "the_whole_word_only": slip(_CHOICE, "(?<!오)답", "정답"),
        "one_when_unsure": slip(_CHOICE, "== 1 else None", "== 1 else 1"),
        "anything_in_between": slip(_CHOICE, r"답[은이:*\s]*", r"답.*?"),
        "mentioned_twice_is_unsure": slip(
            _CHOICE,
            "found = {a or b for a, b in re.findall(choice, text)}",
            "found = [a or b for a, b in re.findall(choice, text)]",
        ),
    },
    "rouge_n": {
        "unclipped": slip(
            _ROUGE,
            "min(ours.count(gram), theirs.count(gram))",
            "ours.count(gram) * (gram in theirs)",
        ),
        "kinds_only": slip(_ROUGE, "min(ours.count(gram), theirs.count(gram))", "(gram in theirs)"),
        "sets": """\
def rouge_n(candidate, reference, n):
    ours = {tuple(candidate[i:i + n]) for i in range(len(candidate) - n + 1)}
    theirs = {tuple(reference[i:i + n]) for i in range(len(reference) - n + 1)}
    both = len(ours & theirs)
    P, R = both / max(len(ours), 1), both / max(len(theirs), 1)
    return P, R, (2 * P * R / (P + R) if both else 0.0)
""",
        "swapped": slip(_ROUGE, "return P, R, F", "return R, P, F"),
        "arithmetic_mean": slip(_ROUGE, "2 * P * R / (P + R) if P + R else 0.0", "(P + R) / 2"),
        "joined": slip(
            _ROUGE, "tuple(candidate[i:i + n])", "''.join(map(str, candidate[i:i + n]))"
        ).replace("tuple(reference[i:i + n])", "''.join(map(str, reference[i:i + n]))"),
        "ascii_only": slip(
            _ROUGE,
            "    ours = [",
            "    keep = lambda tokens: [t for t in tokens if str(t).isascii()]\n"
            "    candidate, reference = keep(candidate), keep(reference)\n"
            "    ours = [",
        ),
        "lower_case": slip(
            _ROUGE,
            "    ours = [",
            "    candidate, reference = ([str(t).lower() for t in s] for s in (candidate, reference))\n"
            "    ours = [",
        ),
        "always_words": slip(_ROUGE, "    ours = [", "    n = 1\n    ours = ["),
        "last_one_missed": slip(
            _ROUGE, "range(len(candidate) - n + 1)", "range(len(candidate) - n)"
        ),
        "not_next_to_each_other": slip(
            _ROUGE, "tuple(candidate[i:i + n])", "tuple(sorted(map(str, candidate[i:i + n])))"
        ).replace("tuple(reference[i:i + n])", "tuple(sorted(map(str, reference[i:i + n])))"),
        "divides_by_tokens": slip(
            _ROUGE, "overlap / len(ours) if ours", "overlap / len(candidate) if candidate"
        ),
        "divides_by_zero": slip(
            _ROUGE, "overlap / len(ours) if ours else 0.0", "overlap / len(ours)"
        ),
        "cut_at_one": slip(
            _ROUGE, "F = 2 * P * R", "P, R = min(P, 1.0), min(R, 1.0)\n    F = 2 * P * R"
        ).replace(
            "min(ours.count(gram), theirs.count(gram))",
            "max(ours.count(gram), theirs.count(gram)) * (gram in theirs)",
        ),
        "pieces_that_do_not_overlap": slip(
            _ROUGE, "range(len(candidate) - n + 1)", "range(0, len(candidate) - n + 1, n)"
        ),
    },
    "rouge_l": {
        "contiguous": slip(
            slip(_LCS, "max(L[i - 1][j], L[i][j - 1])", "0"),
            "length = L[m][k]",
            "length = max(map(max, L))",
        ),
        "bag_of_words": """\
def rouge_l(candidate, reference):
    length = sum((Counter(candidate) & Counter(reference)).values())
    if not length:
        return 0.0, 0.0, 0.0
    P, R = length / len(candidate), length / len(reference)
    return P, R, 2 * P * R / (P + R)
""",
        "greedy": """\
def rouge_l(candidate, reference):
    place, length = 0, 0
    for token in candidate:
        if token in reference[place:]:
            place = list(reference).index(token, place) + 1
            length += 1
    if not length:
        return 0.0, 0.0, 0.0
    P, R = length / len(candidate), length / len(reference)
    return P, R, 2 * P * R / (P + R)
""",
        "difflib": """\
import difflib

def rouge_l(candidate, reference):
    matcher = difflib.SequenceMatcher(None, candidate, reference, autojunk=False)
    length = sum(block.size for block in matcher.get_matching_blocks())
    if not length:
        return 0.0, 0.0, 0.0
    P, R = length / len(candidate), length / len(reference)
    return P, R, 2 * P * R / (P + R)
""",
        "one_place_counts_twice": slip(
            _LCS, "L[i - 1][j - 1] + 1", "max(L[i - 1][j], L[i][j - 1]) + 1"
        ),
        "swapped": slip(_LCS, "return P, R, 2", "return R, P, 2"),
        "arithmetic_mean": slip(_LCS, "2 * P * R / (P + R)", "(P + R) / 2"),
        "first_row_missed": slip(_LCS, "for i in range(1, m + 1)", "for i in range(2, m + 1)"),
        "divides_by_the_longer": slip(
            _LCS, "length / m, length / k", "length / max(m, k), length / max(m, k)"
        ),
        "joined_text": slip(
            _LCS,
            "    m, k =",
            "    candidate, reference = (''.join(map(str, s)) for s in (candidate, reference))\n    m, k =",
        ),
        "one_row_shared": slip(
            _LCS, "[[0] * (k + 1) for _ in range(m + 1)]", "[[0] * (k + 1)] * (m + 1)"
        ),
        "zero_division": slip(_LCS, "    if length == 0:\n        return 0.0, 0.0, 0.0\n", ""),
        "length_alone": slip(_LCS, "return P, R, 2", "return float(length), R, 2"),
    },
    "masked_mean_cosine": {
        "mean_over_padding": """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    return torch.nn.functional.cosine_similarity(a.mean(1), b.mean(1), dim=-1)
""",
        "zero_times_nan": """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    u, v = (a * a_mask[..., None]).sum(1), (b * b_mask[..., None]).sum(1)
    return torch.nn.functional.cosine_similarity(u, v, dim=-1)
""",
        "nan_without_tokens": """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    u = torch.stack([x[m].mean(0) for x, m in zip(a, a_mask)])
    v = torch.stack([x[m].mean(0) for x, m in zip(b, b_mask)])
    return torch.nn.functional.cosine_similarity(u, v, dim=-1)
""",
        "mean_of_cosines": """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    rows = []
    for x, m, y, k in zip(a, a_mask, b, b_mask):
        if not (m.any() and k.any()):
            rows.append(a.new_zeros(()))
            continue
        u, v = (torch.nn.functional.normalize(z, dim=-1) for z in (x[m], y[k]))
        rows.append((u @ v.T).mean())
    return torch.stack(rows)
""",
        "mean_of_unit_vectors": slip(
            _COS,
            "    u = a.masked",
            "    a, b = (torch.nn.functional.normalize(s, dim=-1) for s in (a, b))\n    u = a.masked",
        ),
        "best_match": """\
def masked_mean_cosine(a, a_mask, b, b_mask):
    rows = []
    for x, m, y, k in zip(a, a_mask, b, b_mask):
        if not (m.any() and k.any()):
            rows.append(a.new_zeros(()))
            continue
        u, v = (torch.nn.functional.normalize(z, dim=-1) for z in (x[m], y[k]))
        rows.append((u @ v.T).max(1).values.mean())
    return torch.stack(rows)
""",
        "max_pooled": slip(
            _COS,
            "a.masked_fill(~a_mask[..., None], 0.0).sum(1)",
            "a.masked_fill(~a_mask[..., None], -1e9).amax(1)",
        ),
        "first_token": slip(_COS, "a.masked_fill(~a_mask[..., None], 0.0).sum(1)", "a[:, 0]"),
        "last_token": slip(
            _COS,
            "a.masked_fill(~a_mask[..., None], 0.0).sum(1)",
            "a[torch.arange(len(a)), (a_mask.sum(1) - 1).clamp(min=0)]",
        ),
        "dot_product": slip(_COS, "(u * v).sum(1) / size.clamp(min=1e-30)", "(u * v).sum(1)"),
        "one_norm": slip(_COS, "u.norm(dim=1) * v.norm(dim=1)", "u.norm(dim=1) ** 2"),
        "one_norm_for_the_batch": slip(
            _COS, "u.norm(dim=1) * v.norm(dim=1)", "(u.norm() * v.norm()).expand(len(u))"
        ),
        "second_mask_forgotten": slip(
            _COS, "b.masked_fill(~b_mask[..., None], 0.0)", "torch.nan_to_num(b, 0.0, 0.0, 0.0)"
        ),
        "mask_upside_down": slip(_COS, "~a_mask[..., None]", "a_mask[..., None]"),
        "in_float32": slip(_COS, "u = a.masked", "a, b = a.float(), b.float()\n    u = a.masked"),
        "never_negative": slip(_COS, "return torch.where", "return torch.relu(torch.where").replace(
            "zeros_like(size))", "zeros_like(size)))"
        ),
        "half_scaled": slip(_COS, "return torch.where", "return 0.5 + 0.5 * torch.where"),
    },
    "perplexity": {
        "mean_of_sentences": """\
def perplexity(logits, ids, mask, count=None):
    values = []
    for z, row, real in zip(logits, ids, mask):
        keep = real[1:]
        if keep.any():
            logp = z[:-1][keep].log_softmax(-1)
            values.append(-logp.gather(1, row[1:][keep][:, None]).mean())
    if not values:
        raise ValueError
    if count is not None:
        n = mask[:, 1:].sum(1).clamp(min=1)
        total = sum(v * k for v, k in zip(values, n[mask[:, 1:].any(1)]))
        return torch.exp(total / count)
    return torch.stack(values).exp().mean()
""",
        "mean_of_mean_losses": """\
def perplexity(logits, ids, mask, count=None):
    values, total = [], 0.0
    for z, row, real in zip(logits, ids, mask):
        keep = real[1:]
        if keep.any():
            logp = z[:-1][keep].log_softmax(-1)
            picked = -logp.gather(1, row[1:][keep][:, None])
            values.append(picked.mean())
            total = total + picked.sum()
    if not values:
        raise ValueError
    return (torch.stack(values).mean() if count is None else total / count).exp()
""",
        "not_shifted": slip(
            slip(slip(_PPL, "told = mask[:, 1:]", "told = mask"), "logits[:, :-1]", "logits"),
            "ids[:, 1:]",
            "ids",
        ),
        "shifted_backwards": slip(
            slip(_PPL, "logits[:, :-1]", "logits[:, 1:]"), "ids[:, 1:]", "ids[:, :-1]"
        ),
        "shifted_twice": slip(
            slip(slip(_PPL, "mask[:, 1:]", "mask[:, 2:]"), "logits[:, :-1]", "logits[:, :-2]"),
            "ids[:, 1:]",
            "ids[:, 2:]",
        ),
        "counts_the_first_token": slip(
            _PPL, "n if count is None", "int(mask.sum()) if count is None"
        ),
        "counts_padding": slip(_PPL, "n if count is None", "told.numel() if count is None"),
        "padding_is_predicted": slip(
            _PPL, "told = mask[:, 1:]", "told = torch.ones_like(mask[:, 1:])"
        ),
        "mask_of_the_reader": slip(_PPL, "told = mask[:, 1:]", "told = mask[:, :-1]"),
        "count_ignored": slip(_PPL, "(n if count is None else count)", "n"),
        "no_exponential": slip(
            _PPL, "(n if count is None else count)).exp()", "(n if count is None else count))"
        ),
        "of_bits": slip(
            _PPL,
            "return (nll.sum() / (n if count is None else count)).exp()",
            "return 2 ** (nll.sum() / (n if count is None else count))",
        ),
        "mean_of_inverse_probabilities": slip(
            _PPL,
            "return (nll.sum() / (n if count is None else count)).exp()",
            "return nll.exp().sum() / (n if count is None else count)",
        ),
        "log_of_softmax": slip(
            _PPL,
            "torch.logsumexp(z, -1) - z[torch.arange(n), target]",
            "-z.softmax(-1)[torch.arange(n), target].log()",
        ),
        "raw_logits": slip(_PPL, "torch.logsumexp(z, -1) - z[", "-z["),
        "wrong_axis": slip(_PPL, "torch.logsumexp(z, -1)", "torch.logsumexp(z, 0)[target]"),
        "zero_times_nan": """\
def perplexity(logits, ids, mask, count=None):
    keep = mask[:, 1:].to(logits.dtype)
    if keep.sum() == 0:
        raise ValueError
    logp = logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:].clamp(min=0)[..., None])[..., 0]
    return torch.exp(-(logp * keep).sum() / (keep.sum() if count is None else count))
""",
        "nan_for_nothing": slip(
            _PPL, '        raise ValueError("nothing to predict")', "        pass"
        ),
        "one_for_nothing": slip(
            _PPL, 'raise ValueError("nothing to predict")', "return logits.new_ones(())"
        ),
        "sign": slip(_PPL, "(nll.sum()", "(-nll.sum()"),
    },
    "bradley_terry": {
        "win_rate": """\
def bradley_terry(wins):
    rate = wins.sum(1) / (wins + wins.T).sum(1)
    theta = (rate / (1 - rate)).log()
    return theta - theta.mean()
""",
        "mean_of_log_odds": """\
def bradley_terry(wins):
    odds = ((wins + 1e-9) / (wins.T + 1e-9)).log().fill_diagonal_(0)
    return odds.mean(1) - odds.mean()
""",
        "first_at_zero": slip(_BT, "theta - theta.mean()", "theta - theta[0]"),
        "no_gauge": slip(_BT, "return theta - theta.mean()", "return theta"),
        "strengths": slip(_BT, "theta = pi.log()", "theta = pi"),
        "sum_of_strengths_is_one": slip(
            _BT, "return theta - theta.mean()", "return (pi / pi.mean()).log()"
        ),
        "few_rounds": slip(_BT, "range(3000)", "range(10)"),
        "hundred_rounds": slip(_BT, "range(3000)", "range(60)"),
        "losses_for_wins": slip(_BT, "wins.sum(1) / (games", "wins.sum(0) / (games"),
        "games_not_weighed": slip(_BT, "(games / (pi", "((games > 0) / (pi"),
        "half_of_the_games": slip(_BT, "games = wins + wins.T", "games = 2 * wins"),
        "draws_dropped": slip(
            _BT, "    M = len(wins)", "    wins = wins.floor()\n    M = len(wins)"
        ),
        "elo_in_400": slip(
            _BT,
            "return theta - theta.mean()",
            "return 400 / torch.log(torch.tensor(10.0)).double() * (theta - theta.mean())",
        ),
        "smoothed": slip(
            _BT,
            "    M = len(wins)",
            "    wins = wins + 1 - torch.eye(len(wins))\n    M = len(wins)",
        ),
        "pulled_to_zero": """\
def bradley_terry(wins):
    games, theta = wins + wins.T, torch.zeros(len(wins), dtype=torch.float64)
    for _ in range(5000):
        p = torch.sigmoid(theta[:, None] - theta)
        theta = theta + 0.5 * ((wins - games * p).sum(1) - 0.5 * theta) / games.sum(1)
    return theta - theta.mean()
""",
        "changes_its_argument": slip(
            _BT, "    M = len(wins)", "    wins /= wins.sum()\n    M = len(wins)"
        ),
    },
    "swap_judge": {
        "asks_once": """\
def swap_judge(judge, question, a, b):
    return {1: 1.0, 2: 0.0}.get(judge(question, a, b), 0.5)
""",
        "never_swaps": slip(
            _SWAP,
            "judge(question, b, a)\n    if first == 1 and second == 2",
            "judge(question, a, b)\n    if first == 1 and second == 1",
        ).replace("first == 2 and second == 1", "first == 2 and second == 2"),
        "forgets_who_is_first": slip(
            slip(_SWAP, "first == 1 and second == 2", "first == 1 and second == 1"),
            "first == 2 and second == 1",
            "first == 2 and second == 2",
        ),
        "average": """\
def swap_judge(judge, question, a, b):
    one = {1: 1.0, 2: 0.0, 0: 0.5}[judge(question, a, b)]
    other = {1: 0.0, 2: 1.0, 0: 0.5}[judge(question, b, a)]
    return (one + other) / 2
""",
        "one_win_is_enough": slip(
            _SWAP,
            "first == 1 and second == 2",
            "first == 1 and second != 1 or second == 2 and first != 2",
        ),
        "third_call": slip(
            _SWAP, "    return 0.5", "    return {1: 1.0, 2: 0.0}.get(judge(question, a, b), 0.5)"
        ),
        "second_only_if_needed": slip(
            _SWAP,
            "    second = judge(question, b, a)",
            "    if first == 0:\n        return 0.5\n    second = judge(question, b, a)",
        ),
        "of_b": slip(slip(_SWAP, "return 1.0", "return 0"), "return 0.0", "return 1.0"),
        "arguments_in_another_order": slip(
            _SWAP, "second = judge(question, b, a)", "second = judge(b, question, a)"
        ),
        "tie_is_a_loss": slip(_SWAP, "return 0.5", "return 0.0"),
        "compares_the_words": """\
def swap_judge(judge, question, a, b):
    first = (None, a, b)[judge(question, a, b)]
    second = (None, b, a)[judge(question, b, a)]
    if first is None or first != second:
        return 0.5
    return 1.0 if first == a else 0.0
""",
    },
    "length_control": {
        "ignores_the_length": """\
def length_control(score, x):
    rate = score.mean()
    return float((rate / (1 - rate)).log()), 0.0
""",
        "centred": slip(
            _LENGTH,
            "    theta, gamma = 0.0, 0.0",
            "    x = x - x.mean()\n    theta, gamma = 0.0, 0.0",
        ),
        "standardised": slip(
            _LENGTH,
            "    theta, gamma = 0.0, 0.0",
            "    x = x / x.std()\n    theta, gamma = 0.0, 0.0",
        ),
        "tanh_again": slip(
            _LENGTH,
            "    theta, gamma = 0.0, 0.0",
            "    x = torch.tanh(x)\n    theta, gamma = 0.0, 0.0",
        ),
        "straight_line": """\
def length_control(score, x):
    X = torch.stack([torch.ones_like(x), x], 1)
    found = torch.linalg.lstsq(X, score[:, None]).solution[:, 0]
    return float(found[0]), float(found[1])
""",
        "through_the_origin": """\
def length_control(score, x):
    gamma = 0.0
    for _ in range(30):
        p = torch.sigmoid(gamma * x)
        gamma += float(((score - p) * x).sum() / (p * (1 - p) * x * x).sum())
    return 0.0, gamma
""",
        "few_steps": slip(_LENGTH, "range(30)", "range(2)"),
        "short_gradient_descent": slip(_LENGTH_GRADIENT, "range(3000)", "range(100)"),
        "ties_dropped": slip(
            _LENGTH,
            "    theta, gamma = 0.0, 0.0",
            "    score, x = score[score != 0.5], x[score != 0.5]\n    theta, gamma = 0.0, 0.0",
        ),
        "ties_are_losses": slip(
            _LENGTH,
            "    theta, gamma = 0.0, 0.0",
            "    score = (score > 0.5).double()\n    theta, gamma = 0.0, 0.0",
        ),
        "rate_for_theta": slip(
            _LENGTH, "return theta, gamma", "return 1 / (1 + 2.718281828 ** -theta), gamma"
        ),
        "swapped": slip(_LENGTH, "return theta, gamma", "return gamma, theta"),
        "longer_is_negative": slip(_LENGTH, "return theta, gamma", "return theta, -gamma"),
        "pulled_to_zero": slip(
            slip(_LENGTH, "float((w * x * x).sum())", "float((w * x * x).sum()) + 1"),
            "float(((score - p) * x).sum())",
            "float(((score - p) * x).sum()) - gamma",
        ),
        "two_models_of_its_own": """\
def length_control(score, x):
    short = score[x <= 0].mean().clamp(0.01, 0.99)
    long = score[x > 0].mean().clamp(0.01, 0.99)
    a, b = (short / (1 - short)).log(), (long / (1 - long)).log()
    return float((a + b) / 2), float((b - a) / 2)
""",
    },
    "splice_image_tokens": {
        "one_vector_for_an_image": slip(
            _SPLICE, "rows.append(images[k])", "rows.append(images[k].mean(0, keepdim=True))"
        ),
        "always_the_first_image": slip(_SPLICE, "            k += 1\n", ""),
        "images_in_front": """\
def splice_image_tokens(ids, table, images, image_id):
    if (ids == image_id).sum() != len(images):
        raise ValueError
    return torch.cat([images.flatten(0, 1), table[ids[ids != image_id]]])
""",
        "keeps_the_place": slip(
            _SPLICE,
            "rows.append(images[k])",
            "rows.append(table[0][None])\n            rows.append(images[k])",
        ),
        "patches_backwards": slip(_SPLICE, "images[k])", "images[k].flip(0))"),
        "images_backwards": slip(_SPLICE, "images[k])", "images[len(images) - 1 - k])"),
        "silent": slip(
            _SPLICE,
            '        raise ValueError("images and places differ")',
            "        images = images[[0] * len(ids)] if len(images) else images",
        ),
        "another_error": slip(_SPLICE, "raise ValueError", "raise IndexError"),
        "the_place_is_always_minus_200": _SPLICE.replace("image_id)", "-200)")
        .replace("== image_id", "== -200")
        .replace("images, -200)", "images, image_id)", 1),
    },
    "filter_synthetic": {
        "pool_only": slip(_FILTER, "list(pool) + [candidates[i] for i in kept]", "list(pool)"),
        "against_the_dropped_too": slip(
            _FILTER, "[candidates[i] for i in kept]", "list(candidates[:k])"
        ),
        "equal_is_kept": slip(_FILTER, "near < limit", "near <= limit"),
        "recall": slip(_FILTER, "[2])", "[1])"),
        "precision": slip(_FILTER, "[2])", "[0])"),
        "mean_similarity": """\
def filter_synthetic(candidates, pool, limit=0.7):
    known, kept = list(pool), []
    for k, text in enumerate(candidates):
        near = [rouge_l(text, other)[2] for other in known]
        if sum(near) / max(len(near), 1) < limit:
            known.append(text)
            kept.append(k)
    return kept
""",
        "limit_ignored": slip(_FILTER, "near < limit", "near < 0.7"),
        "the_texts": slip(_FILTER, "    return kept", "    return [candidates[k] for k in kept]"),
        "the_dropped": slip(_FILTER, "near < limit", "near >= limit"),
        "unigrams": slip(
            _FILTER,
            "rouge_l(candidates[k], other)[2]",
            "2 * len(set(candidates[k]) & set(other)) / (len(candidates[k]) + len(other))",
        ),
        "grows_the_pool": slip(
            _FILTER,
            "            kept.append(k)",
            "            kept.append(k)\n            pool.append(candidates[k])",
        ),
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "extract_choice": {"rewritten": _CHOICE, "scan": _CHOICE_SCAN},
    "rouge_n": {"count": _ROUGE, "zip": _ROUGE_ZIP},
    "rouge_l": {"table": _LCS, "remembered": _LCS_REMEMBERED, "patience": _LCS_PATIENCE},
    "masked_mean_cosine": {"sum": _COS, "loop": _COS_LOOP, "normalized": _COS_NORMALIZED},
    "perplexity": {"logsumexp": _PPL, "cross_entropy": _PPL_CROSS_ENTROPY, "loop": _PPL_LOOP},
    "bradley_terry": {"mm": _BT, "newton": _BT_NEWTON, "lbfgs": _BT_LBFGS, "loops": _BT_LOOPS},
    "swap_judge": {"if": _SWAP, "backwards": _SWAP_BACKWARDS},
    "length_control": {
        "by_hand": _LENGTH,
        "gradient": _LENGTH_GRADIENT,
        "autograd": _LENGTH_AUTOGRAD,
    },
    "splice_image_tokens": {"loop": _SPLICE, "scatter": _SPLICE_SCATTER},
    "filter_synthetic": {"max": _FILTER, "own": _FILTER_OWN},
}
