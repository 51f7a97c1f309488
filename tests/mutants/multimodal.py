"""Plausible answers to lab multimodal: wrong ones that hidden tests must catch, right ones they accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- patchify
_PATCH = """\
def patchify(images, p):
    B, C, H, W = images.shape
    x = images.view(B, C, H // p, p, W // p, p)
    x = x.permute(0, 2, 4, 1, 3, 5)
    return x.reshape(B, (H // p) * (W // p), C * p * p)


def unpatchify(patches, p, H, W):
    B, N, L = patches.shape
    C = L // (p * p)
    y = patches.reshape(B, H // p, W // p, C, p, p)
    y = y.permute(0, 3, 1, 4, 2, 5)
    return y.reshape(B, C, H, W)
"""
_PATCH_LOOPS = """\
def patchify(images, p):
    H, W = images.shape[2:]
    out = []
    for r in range(H // p):
        for c in range(W // p):
            block = images[:, :, r * p : r * p + p, c * p : c * p + p]
            out.append(block.flatten(start_dim=1))
    return torch.stack(out, dim=1)


def unpatchify(patches, p, H, W):
    B, N, L = patches.shape
    images = torch.zeros(B, L // (p * p), H, W, dtype=patches.dtype)
    for n in range(N):
        r, c = divmod(n, W // p)
        block = patches[:, n].view(B, -1, p, p)
        images[:, :, r * p : r * p + p, c * p : c * p + p] = block
    return images
"""
_PATCH_EINSUM = """\
def patchify(images, p):
    B, C, H, W = images.shape
    x = images.unflatten(3, (-1, p)).unflatten(2, (-1, p))
    return torch.einsum("bcrisj->brscij", x).flatten(3).flatten(1, 2)


def unpatchify(patches, p, H, W):
    x = patches.unflatten(2, (-1, p, p)).unflatten(1, (H // p, W // p))
    return torch.einsum("brscij->bcrisj", x).flatten(4, 5).flatten(2, 3)
"""
_PATCH_UNFOLD = """\
def patchify(images, p):
    x = images.unfold(2, p, p).unfold(3, p, p)
    return x.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def unpatchify(patches, p, H, W):
    B = patches.shape[0]
    rows = patches.view(B, H // p, W // p, -1, p, p)
    lines = torch.cat(rows.unbind(2), dim=-1)
    return torch.cat(lines.unbind(1), dim=-2)
"""

# ---------------------------------------------------------------- patch_embed
_EMBED = """\
def patch_embed(images, weight, bias, pos, p):
    B, C, H, W = images.shape
    x = images.reshape(B, C, H // p, p, W // p, p)
    x = x.permute(0, 2, 4, 1, 3, 5).reshape(B, -1, C * p * p)
    h = x @ weight.T
    h = h + bias
    h = h + pos
    return h
"""
_EMBED_LINEAR = """\
def patch_embed(images, weight, bias, pos, p):
    return torch.nn.functional.linear(patchify(images, p), weight, bias) + pos.unsqueeze(0)
"""
_EMBED_EINSUM = """\
def patch_embed(images, weight, bias, pos, p):
    x = images.unflatten(3, (-1, p)).unflatten(2, (-1, p))
    kernel = weight.unflatten(1, (-1, p, p))
    h = torch.einsum("bcrisj,dcij->brsd", x, kernel).flatten(1, 2)
    return h + (bias + pos)
"""

# ---------------------------------------------------------------- cosine_matrix
_COSINE = """\
def cosine_matrix(a, b):
    na = a.norm(dim=1, keepdim=True).clamp(min=1e-12)
    nb = b.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return (a @ b.T) / (na * nb.T)
"""
_COSINE_NORMALIZE = """\
def cosine_matrix(a, b):
    a = torch.nn.functional.normalize(a, dim=-1)
    b = torch.nn.functional.normalize(b, dim=-1)
    return torch.einsum("nd,md->nm", a, b)
"""
_COSINE_WHERE = """\
def cosine_matrix(a, b):
    def unit(x):
        square = (x * x).sum(1, keepdim=True)
        zero = square == 0
        size = torch.where(zero, torch.ones_like(square), square).sqrt()
        return x / size

    return unit(a).matmul(unit(b).transpose(0, 1))
"""
_COSINE_EPSILON = """\
def cosine_matrix(a, b):
    a = a / (a.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10)
    b = b / (b.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10)
    return a @ b.t()
"""

# ---------------------------------------------------------------- clip_loss
_CLIP = """\
def clip_loss(img, txt, log_scale):
    u = img / img.norm(dim=1, keepdim=True)
    v = txt / txt.norm(dim=1, keepdim=True)
    logits = torch.exp(log_scale) * u @ v.T
    target = torch.arange(len(img))
    first = torch.nn.functional.cross_entropy(logits, target)
    second = torch.nn.functional.cross_entropy(logits.T, target)
    return (first + second) / 2
"""
_CLIP_LOG_SOFTMAX = """\
def clip_loss(img, txt, log_scale):
    s = cosine_matrix(img, txt) * log_scale.exp()
    p = torch.log_softmax(s, dim=1) + torch.log_softmax(s, dim=0)
    return -p.diagonal().mean() / 2
"""
_CLIP_LOOP = """\
def clip_loss(img, txt, log_scale):
    N = img.shape[0]
    scale = torch.exp(log_scale)
    u = torch.nn.functional.normalize(img, dim=1)
    v = torch.nn.functional.normalize(txt, dim=1)
    total = 0
    for i in range(N):
        row = scale * (v @ u[i])
        column = scale * (u @ v[i])
        total = total + row.logsumexp(0) - row[i] + column.logsumexp(0) - column[i]
    return total / (2 * N)
"""
_CLIP_STABLE = """\
def clip_loss(img, txt, log_scale):
    s = log_scale.exp() * cosine_matrix(img, txt)
    gaps = s - s.diagonal()[:, None]
    more = s - s.diagonal()[None, :]
    return 0.5 * (gaps.logsumexp(1).mean() + more.logsumexp(0).mean())
"""

# ---------------------------------------------------------------- zero_shot
_ZERO = """\
def zero_shot(img, class_txt):
    v = class_txt / class_txt.norm(dim=2, keepdim=True)
    v = v.mean(dim=1)
    v = v / v.norm(dim=1, keepdim=True)
    u = img / img.norm(dim=1, keepdim=True)
    scores = u @ v.T
    return scores.argmax(1), scores
"""
_ZERO_LOOP = """\
def zero_shot(img, class_txt):
    means = []
    for prompts in class_txt:
        units = [v / v.norm() for v in prompts]
        total = torch.stack(units).sum(0)
        means.append(total / total.norm())
    scores = cosine_matrix(img, torch.stack(means))
    return [scores.max(dim=1).indices, scores][0], scores
"""
_ZERO_FLAT = """\
def zero_shot(img, class_txt):
    C, P, D = class_txt.shape
    units = torch.nn.functional.normalize(class_txt.reshape(C * P, D), dim=1)
    v = torch.nn.functional.normalize(units.view(C, P, D).sum(1), dim=1)
    scores = torch.einsum("nd,cd->nc", torch.nn.functional.normalize(img, dim=1), v)
    return torch.topk(scores, 1, dim=1).indices[:, 0], scores
"""

# ---------------------------------------------------------------- recall_at_k
_RECALL = """\
def recall_at_k(sim, k):
    N = len(sim)
    own = torch.diagonal(sim)
    others = ~torch.eye(N, dtype=torch.bool)
    rows = ((sim >= own[:, None]) & others).sum(1)
    columns = ((sim >= own[None, :]) & others).sum(0)
    return float((rows < k).float().mean()), float((columns < k).float().mean())
"""
_RECALL_LOOP = """\
def recall_at_k(sim, k):
    def one_way(table):
        hits = 0
        for i, values in enumerate(table.tolist()):
            rivals = values[:i] + values[i + 1 :]
            hits += sum(r >= values[i] for r in rivals) < k
        return hits / len(table)

    return one_way(sim), one_way(sim.T)
"""
_RECALL_SORT = """\
def recall_at_k(sim, k):
    def one_way(s):
        N = s.shape[0]
        rivals = s[~torch.eye(N, dtype=torch.bool)].view(N, N - 1)
        if k > N - 1:
            return torch.tensor(1.0)
        kth = rivals.sort(dim=1, descending=True).values[:, k - 1]
        return (s.diagonal() > kth).double().mean()

    return [one_way(sim), one_way(sim.T)]
"""

# ---------------------------------------------------------------- vq_tokens
_VQ = """\
def vq_tokens(z, codebook):
    d = (z[:, :, None, :] - codebook).pow(2).sum(-1)
    ids = d.argmin(dim=-1)
    z_q = codebook[ids]
    return ids, z + (z_q - z).detach()
"""
_VQ_EXPANDED = """\
def vq_tokens(z, codebook):
    B, N, D = z.shape
    flat = z.reshape(B * N, D)
    d = flat.square().sum(1, keepdim=True) - 2 * flat @ codebook.T + codebook.square().sum(1)
    ids = d.min(dim=1).indices.view(B, N)
    chosen = torch.nn.functional.embedding(ids, codebook).detach()
    return ids, chosen + z - z.detach()
"""
_VQ_LOOP = """\
def vq_tokens(z, codebook):
    table = codebook.detach()
    rows = []
    for one in z.detach():
        rows.append(torch.stack([(table - v).norm(dim=1).argmin() for v in one]))
    ids = torch.stack(rows)
    shift = table[ids] - z.detach()
    return ids, z + shift
"""
_VQ_FUNCTION = """\
class _Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z, chosen):
        return chosen.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad, None


def vq_tokens(z, codebook):
    with torch.no_grad():
        ids = (z.unsqueeze(2) - codebook).square().sum(3).argmin(2)
        chosen = codebook[ids]
    return ids, _Straight.apply(z, chosen)
"""

# ---------------------------------------------------------------- patch_text_heatmap
_HEAT = """\
def patch_text_heatmap(patches, words, grid):
    x = torch.nn.functional.normalize(patches, dim=1)
    t = torch.nn.functional.normalize(words, dim=1)
    h, w = grid
    return (t @ x.T).view(len(words), h, w)
"""
_HEAT_EINSUM = """\
def patch_text_heatmap(patches, words, grid):
    heat = cosine_matrix(patches, words)
    return heat.T.unflatten(1, grid)
"""
_HEAT_LOOP = """\
def patch_text_heatmap(patches, words, grid):
    h, w = grid
    out = torch.zeros(len(words), h, w, dtype=patches.dtype)
    for k, t in enumerate(words):
        for n, x in enumerate(patches):
            size = x.norm() * t.norm()
            if size > 0:
                out[k, n // w, n % w] = torch.dot(x, t) / size
    return out
"""

MUTANTS: dict[str, dict[str, str]] = {
    "patchify": {
        "reshape_only": slip(
            slip(_PATCH, "    x = x.permute(0, 2, 4, 1, 3, 5)\n", ""),
            "    y = patches.reshape(B, H // p, W // p, C, p, p)\n"
            "    y = y.permute(0, 3, 1, 4, 2, 5)\n",
            "    y = patches\n",
        ),
        "channels_last": slip(
            slip(_PATCH, "permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 3, 5, 1)"),
            "H // p, W // p, C, p, p)\n    y = y.permute(0, 3, 1, 4, 2, 5)",
            "H // p, W // p, p, p, C)\n    y = y.permute(0, 5, 1, 3, 2, 4)",
        ),
        "columns_first": slip(
            slip(_PATCH, "permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)"),
            "H // p, W // p, C, p, p)\n    y = y.permute(0, 3, 1, 4, 2, 5)",
            "W // p, H // p, C, p, p)\n    y = y.permute(0, 3, 2, 4, 1, 5)",
        ),
        "inside_transposed": slip(
            slip(_PATCH, "permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 1, 5, 3)"),
            "permute(0, 3, 1, 4, 2, 5)",
            "permute(0, 3, 1, 5, 2, 4)",
        ),
        "square_only": slip(
            _PATCH,
            "patches.reshape(B, H // p, W // p, C, p, p)",
            "patches.reshape(B, round(N**0.5), -1, C, p, p)",
        ),
        "three_channels_only": slip(_PATCH, "C = L // (p * p)", "C = 3"),
        "unpatchify_transposed": slip(
            _PATCH, "permute(0, 3, 1, 4, 2, 5)", "permute(0, 3, 1, 5, 2, 4)"
        ),
        "unpatchify_reshape_only": slip(_PATCH, "    y = y.permute(0, 3, 1, 4, 2, 5)\n", ""),
        "inverse_permutation_wrong": slip(
            _PATCH, "permute(0, 3, 1, 4, 2, 5)", "permute(0, 3, 2, 4, 1, 5)"
        ),
        "overlapping": slip(
            _PATCH_UNFOLD, "unfold(2, p, p).unfold(3, p, p)", "unfold(2, p, 1).unfold(3, p, 1)"
        ),
        "detaches": slip(_PATCH, "x = images.view", "x = images.detach().view"),
        "float_output": slip(
            _PATCH,
            "x.reshape(B, (H // p) * (W // p), C * p * p)",
            "x.reshape(B, (H // p) * (W // p), C * p * p).float()",
        ),
    },
    "patch_embed": {
        "no_position": slip(_EMBED, "    h = h + pos\n", ""),
        "no_bias": slip(_EMBED, "    h = h + bias\n", ""),
        "one_position_for_all": slip(_EMBED, "h + pos", "h + pos.mean(0)"),
        "position_before_projection": """\
def patch_embed(images, weight, bias, pos, p):
    x = patchify(images, p)
    return (x + (pos @ weight)) @ weight.T + bias
""",
        "position_multiplied": slip(_EMBED, "h + pos", "h * pos"),
        "channels_last": slip(_EMBED, "permute(0, 2, 4, 1, 3, 5)", "permute(0, 2, 4, 3, 5, 1)"),
        "columns_first": slip(_EMBED, "permute(0, 2, 4, 1, 3, 5)", "permute(0, 4, 2, 1, 3, 5)"),
        "tanh": slip(_EMBED, "return h", "return torch.tanh(h)"),
        "scaled": slip(_EMBED, "x @ weight.T", "x @ weight.T / (C * p * p) ** 0.5"),
        "weight_detached": slip(_EMBED, "weight.T", "weight.detach().T"),
        "position_detached": slip(_EMBED, "h + pos", "h + pos.detach()"),
        "conv_without_stride": """\
def patch_embed(images, weight, bias, pos, p):
    C = images.shape[1]
    windows = images.unfold(2, p, 1).unfold(3, p, 1)
    h = torch.einsum("bcrsij,dcij->brsd", windows, weight.view(-1, C, p, p))
    h = h.flatten(1, 2)[:, : len(pos)]
    return h + bias + pos
""",
    },
    "cosine_matrix": {
        "dot_product": """\
def cosine_matrix(a, b):
    return a @ b.T
""",
        "one_side": slip(_COSINE, "(na * nb.T)", "na"),
        "other_side": slip(_COSINE, "(na * nb.T)", "nb.T"),
        "wrong_axis": slip(
            slip(_COSINE, "a.norm(dim=1, keepdim=True)", "a.norm(dim=0, keepdim=True)"),
            "    nb = b.norm(dim=1, keepdim=True).clamp(min=1e-12)\n    return (a @ b.T) / (na * nb.T)",
            "    nb = b.norm(dim=0, keepdim=True).clamp(min=1e-12)\n    return (a / na) @ (b / nb).T",
        ),
        "whole_matrix_norm": slip(
            slip(_COSINE, "a.norm(dim=1, keepdim=True)", "a.norm()"),
            "b.norm(dim=1, keepdim=True).clamp(min=1e-12)\n    return (a @ b.T) / (na * nb.T)",
            "b.norm().clamp(min=1e-12)\n    return (a @ b.T) / (na * nb)",
        ),
        "nan_at_zero": """\
def cosine_matrix(a, b):
    a = a / a.norm(dim=1, keepdim=True)
    b = b / b.norm(dim=1, keepdim=True)
    return a @ b.T
""",
        "adds_one": slip(
            slip(
                _COSINE,
                "a.norm(dim=1, keepdim=True).clamp(min=1e-12)",
                "a.norm(dim=1, keepdim=True) + 1",
            ),
            "b.norm(dim=1, keepdim=True).clamp(min=1e-12)",
            "b.norm(dim=1, keepdim=True) + 1",
        ),
        "clamped_at_one": _COSINE.replace("min=1e-12", "min=1.0"),
        "large_epsilon": _COSINE.replace(".clamp(min=1e-12)", " + 1e-2"),
        "squared_length": _COSINE.replace(
            ".norm(dim=1, keepdim=True)", ".pow(2).sum(1, keepdim=True)"
        ),
        "l1_length": _COSINE.replace(".norm(dim=1", ".abs().sum(dim=1"),
        "transposed": slip(
            _COSINE, "return (a @ b.T) / (na * nb.T)", "return ((a @ b.T) / (na * nb.T)).T"
        ),
        "absolute": slip(_COSINE, "(a @ b.T)", "(a @ b.T).abs()"),
        "centred": slip(
            _COSINE,
            "    na =",
            "    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)\n    na =",
        ),
        "zero_becomes_one": slip(
            _COSINE, "return ", "return torch.eye(1)[0, 0] * (na * nb.T < 1e-12) + "
        ),
        "detached_lengths": _COSINE.replace("a.norm", "a.detach().norm").replace(
            "b.norm", "b.detach().norm"
        ),
        "float32": slip(_COSINE, "(na * nb.T)", "(na * nb.T).float()").replace(
            "(a @ b.T)", "(a @ b.T).float()"
        ),
    },
    "clip_loss": {
        "image_to_text_only": slip(_CLIP, "return (first + second) / 2", "return first"),
        "text_to_image_only": slip(_CLIP, "return (first + second) / 2", "return second"),
        "same_direction_twice": slip(
            _CLIP, "cross_entropy(logits.T, target)", "cross_entropy(logits, target)"
        ),
        "sum_of_directions": slip(_CLIP, "(first + second) / 2", "first + second"),
        "not_normalised": slip(
            slip(_CLIP, "img / img.norm(dim=1, keepdim=True)", "img"),
            "txt / txt.norm(dim=1, keepdim=True)",
            "txt",
        ),
        "text_not_normalised": slip(_CLIP, "txt / txt.norm(dim=1, keepdim=True)", "txt"),
        "no_exp": slip(_CLIP, "torch.exp(log_scale)", "log_scale"),
        "divides": slip(_CLIP, "torch.exp(log_scale) *", "torch.exp(-log_scale) *"),
        "no_scale": slip(_CLIP, "torch.exp(log_scale) * ", ""),
        "all_answers_zero": slip(_CLIP, "torch.arange(len(img))", "torch.zeros(len(img)).long()"),
        "exp_overflows": """\
def clip_loss(img, txt, log_scale):
    s = torch.exp(log_scale) * cosine_matrix(img, txt)
    e = s.exp()
    pair = e.diagonal()
    return -((pair / e.sum(1)).log() + (pair / e.sum(0)).log()).mean() / 2
""",
        "log_of_softmax": """\
def clip_loss(img, txt, log_scale):
    s = torch.exp(log_scale) * cosine_matrix(img, txt)
    rows = torch.softmax(s, 1).diagonal().log()
    columns = torch.softmax(s, 0).diagonal().log()
    return -(rows + columns).mean() / 2
""",
        "negatives_without_the_pair": """\
def clip_loss(img, txt, log_scale):
    s = torch.exp(log_scale) * cosine_matrix(img, txt)
    pair = s.diagonal()
    others = s - torch.diag(torch.full((len(s),), 1e9, dtype=s.dtype))
    return (others.logsumexp(1) + others.logsumexp(0) - 2 * pair).mean() / 2
""",
        "softmax_over_everything": """\
def clip_loss(img, txt, log_scale):
    s = torch.exp(log_scale) * cosine_matrix(img, txt)
    return s.flatten().logsumexp(0) - s.diagonal().mean()
""",
        "pairwise_sigmoid": """\
def clip_loss(img, txt, log_scale):
    s = torch.exp(log_scale) * cosine_matrix(img, txt)
    sign = 2 * torch.eye(len(s), dtype=s.dtype) - 1
    return -torch.nn.functional.logsigmoid(sign * s).sum() / len(s)
""",
        "squared_error": """\
def clip_loss(img, txt, log_scale):
    s = torch.exp(log_scale) * cosine_matrix(img, txt)
    return (s - torch.eye(len(s), dtype=s.dtype)).square().mean()
""",
        "sum_over_pairs": slip(_CLIP, "(first + second) / 2", "(first + second) / 2 * len(img)"),
        "scale_not_learned": slip(_CLIP, "torch.exp(log_scale)", "torch.exp(log_scale.detach())"),
        "scale_capped": slip(_CLIP, "torch.exp(log_scale)", "torch.exp(log_scale).clamp(max=50)"),
        "normalised_over_the_batch": slip(
            slip(_CLIP, "img.norm(dim=1, keepdim=True)", "img.norm(dim=0, keepdim=True)"),
            "txt.norm(dim=1, keepdim=True)",
            "txt.norm(dim=0, keepdim=True)",
        ),
        "text_detached": slip(
            _CLIP,
            "txt / txt.norm(dim=1, keepdim=True)",
            "(txt / txt.norm(dim=1, keepdim=True)).detach()",
        ),
    },
    "zero_shot": {
        "prompts_not_normalised": slip(
            _ZERO, "class_txt / class_txt.norm(dim=2, keepdim=True)", "class_txt"
        ),
        "mean_not_renormalised": slip(_ZERO, "    v = v / v.norm(dim=1, keepdim=True)\n", ""),
        "image_not_normalised": slip(_ZERO, "img / img.norm(dim=1, keepdim=True)", "img"),
        "first_prompt_only": slip(_ZERO, "v.mean(dim=1)", "v[:, 0]"),
        "best_prompt": """\
def zero_shot(img, class_txt):
    C, P, D = class_txt.shape
    scores = cosine_matrix(img, class_txt.reshape(-1, D)).view(-1, C, P).amax(2)
    return scores.argmax(1), scores
""",
        "mean_of_cosines": """\
def zero_shot(img, class_txt):
    C, P, D = class_txt.shape
    scores = cosine_matrix(img, class_txt.reshape(-1, D)).view(-1, C, P).mean(2)
    return scores.argmax(1), scores
""",
        "mean_over_classes": slip(_ZERO, "v.mean(dim=1)", "v.mean(dim=0)"),
        "probabilities": slip(
            _ZERO, "return scores.argmax(1), scores", "return scores.argmax(1), scores.softmax(1)"
        ),
        "argmax_over_images": slip(_ZERO, "scores.argmax(1)", "scores.argmax(0)"),
        "least_similar": slip(_ZERO, "scores.argmax(1)", "scores.argmin(1)"),
        "ids_only": slip(_ZERO, "return scores.argmax(1), scores", "return scores.argmax(1)"),
        "swapped_results": slip(
            _ZERO, "return scores.argmax(1), scores", "return scores, scores.argmax(1)"
        ),
    },
    "recall_at_k": {
        "ties_ahead": _RECALL.replace(">=", ">"),
        "one_direction": slip(_RECALL, "float((columns < k)", "float((rows < k)"),
        "directions_swapped": slip(
            _RECALL,
            "return float((rows < k).float().mean()), float((columns < k).float().mean())",
            "return float((columns < k).float().mean()), float((rows < k).float().mean())",
        ),
        "averaged": slip(
            _RECALL,
            "return float((rows < k).float().mean()), float((columns < k).float().mean())",
            "both = float((torch.cat([rows, columns]) < k).float().mean())\n    return both, both",
        ),
        "at_most_k": _RECALL.replace("< k", "<= k"),
        "counts_itself": _RECALL.replace(" & others", ""),
        "top_k": """\
def recall_at_k(sim, k):
    N = len(sim)
    k = min(k, N)
    own = torch.arange(N)[:, None]
    rows = (sim.topk(k, dim=1).indices == own).any(1)
    columns = (sim.T.topk(k, dim=1).indices == own).any(1)
    return float(rows.float().mean()), float(columns.float().mean())
""",
        "top_k_breaks_beyond_N": """\
def recall_at_k(sim, k):
    own = sim.diagonal()[:, None]
    rows = (sim.topk(k, dim=1).values <= own).any(1)
    columns = (sim.T.topk(k, dim=1).values <= own).any(1)
    return float(rows.float().mean()), float(columns.float().mean())
""",
        "argmax_only": """\
def recall_at_k(sim, k):
    own = torch.arange(len(sim))
    rows, columns = sim.argmax(1) == own, sim.argmax(0) == own
    return float(rows.float().mean()), float(columns.float().mean())
""",
        "counts": _RECALL.replace(".float().mean()", ".sum()"),
        "percent": _RECALL.replace("float((", "100 * float(("),
        "precision": _RECALL.replace(".float().mean()", ".float().mean() / k"),
        "writes_into_sim": slip(
            _RECALL, "    rows =", "    own = own.clone()\n    sim.fill_diagonal_(0)\n    rows ="
        ),
    },
    "vq_tokens": {
        "dot_product": slip(
            _VQ, "(z[:, :, None, :] - codebook).pow(2).sum(-1)", "-(z @ codebook.T)"
        ),
        "cosine": slip(
            _VQ,
            "(z[:, :, None, :] - codebook).pow(2).sum(-1)",
            "-(z @ torch.nn.functional.normalize(codebook, dim=1).T)",
        ),
        "farthest": slip(_VQ, "argmin", "argmax"),
        "signed_difference": slip(_VQ, ".pow(2).sum(-1)", ".sum(-1)"),
        "half_codebook_norm": slip(
            _VQ,
            "(z[:, :, None, :] - codebook).pow(2).sum(-1)",
            "codebook.pow(2).sum(-1) - z @ codebook.T",
        ),
        "largest_difference": slip(_VQ, ".pow(2).sum(-1)", ".abs().amax(-1)"),
        "no_straight_through": slip(_VQ, "z + (z_q - z).detach()", "z_q"),
        "all_detached": slip(_VQ, "z + (z_q - z).detach()", "z_q.detach()"),
        "codebook_learns_too": slip(_VQ, "z + (z_q - z).detach()", "z_q + z - z.detach()"),
        "value_is_z": slip(_VQ, "z + (z_q - z).detach()", "z"),
        "gradient_doubled": slip(_VQ, "z + (z_q - z).detach()", "2 * z + (z_q - 2 * z).detach()"),
        "detach_on_z_only": slip(_VQ, "z + (z_q - z).detach()", "z.detach() + (z_q - z.detach())"),
        "soft_assignment": slip(
            _VQ, "z_q = codebook[ids]", "z_q = torch.softmax(-d, -1) @ codebook"
        ),
        "nearest_per_component": """\
def vq_tokens(z, codebook):
    d = (z[:, :, None, :] - codebook).abs()
    each = d.argmin(2)
    z_q = codebook.gather(0, each.reshape(-1, z.shape[-1])).view_as(z)
    ids = d.sum(-1).argmin(-1)
    return ids, z + (z_q - z).detach()
""",
        "l1_distance": slip(_VQ, ".pow(2).sum(-1)", ".abs().sum(-1)"),
        "flat_ids": slip(_VQ, "return ids,", "return ids.flatten(),"),
        "float_ids": slip(_VQ, "return ids,", "return ids.to(z.dtype),"),
    },
    "patch_text_heatmap": {
        "dot_product": slip(
            slip(_HEAT, "torch.nn.functional.normalize(patches, dim=1)", "patches"),
            "torch.nn.functional.normalize(words, dim=1)",
            "words",
        ),
        "words_not_normalised": slip(_HEAT, "torch.nn.functional.normalize(words, dim=1)", "words"),
        "patches_not_normalised": slip(
            _HEAT, "torch.nn.functional.normalize(patches, dim=1)", "patches"
        ),
        "columns_first": slip(
            _HEAT, ".view(len(words), h, w)", ".view(len(words), w, h).transpose(1, 2)"
        ),
        "height_and_width_swapped": slip(
            _HEAT, ".view(len(words), h, w)", ".view(len(words), w, h)"
        ),
        "patches_and_words_mixed_up": slip(_HEAT, "(t @ x.T)", "(x @ t.T)"),
        "upside_down": slip(_HEAT, ".view(len(words), h, w)", ".view(len(words), h, w).flip(1)"),
        "stretched_to_one": """\
def patch_text_heatmap(patches, words, grid):
    heat = cosine_matrix(words, patches)
    low, high = heat.amin(1, keepdim=True), heat.amax(1, keepdim=True)
    return ((heat - low) / (high - low + 1e-9)).view(-1, *grid)
""",
        "softmax": slip(_HEAT, "(t @ x.T)", "(t @ x.T).softmax(-1)"),
        "positive_part": slip(_HEAT, "(t @ x.T)", "(t @ x.T).relu()"),
        "first_word_only": slip(
            _HEAT, "(t @ x.T)", "(t[:1] @ x.T).expand(len(words), -1).reshape(len(words), -1)"
        ),
        "normalised_over_patches": slip(
            _HEAT, "normalize(patches, dim=1)", "normalize(patches, dim=0)"
        ),
        "nan_at_zero": """\
def patch_text_heatmap(patches, words, grid):
    x = patches / patches.norm(dim=1, keepdim=True)
    t = words / words.norm(dim=1, keepdim=True)
    return (t @ x.T).view(len(words), *grid)
""",
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "patchify": {
        "permute": _PATCH,
        "loops": _PATCH_LOOPS,
        "einsum": _PATCH_EINSUM,
        "sliding": _PATCH_UNFOLD,
    },
    "patch_embed": {"matmul": _EMBED, "linear": _EMBED_LINEAR, "einsum": _EMBED_EINSUM},
    "cosine_matrix": {
        "outer_lengths": _COSINE,
        "normalize": _COSINE_NORMALIZE,
        "where": _COSINE_WHERE,
        "small_epsilon": _COSINE_EPSILON,
    },
    "clip_loss": {
        "cross_entropy": _CLIP,
        "log_softmax": _CLIP_LOG_SOFTMAX,
        "loop": _CLIP_LOOP,
        "gaps": _CLIP_STABLE,
    },
    "zero_shot": {"normalised_twice": _ZERO, "loop": _ZERO_LOOP, "flat": _ZERO_FLAT},
    "recall_at_k": {"masks": _RECALL, "lists": _RECALL_LOOP, "sorted": _RECALL_SORT},
    "vq_tokens": {
        "broadcast": _VQ,
        "expanded": _VQ_EXPANDED,
        "loop": _VQ_LOOP,
        "own_gradient": _VQ_FUNCTION,
    },
    "patch_text_heatmap": {"normalize": _HEAT, "cosine": _HEAT_EINSUM, "loop": _HEAT_LOOP},
}
