"""Plausible answers to lab diffusion: wrong ones that hidden tests must catch, right ones they must accept.

Each source replaces the whole answer cell after its marker line. Most wrong answers are a right one
with a single slip, written as `slip(right, what it says, what it says wrongly)`.
"""

from __future__ import annotations

from autograder.mutants import slip

# ---------------------------------------------------------------- alpha_bar
_BAR = """\
def alpha_bar(betas):
    return torch.exp(torch.cumsum(torch.log1p(-betas), dim=0))
"""
_BAR_DOUBLE = """\
def alpha_bar(betas):
    return torch.cumprod(1 - betas.double(), 0).to(betas.dtype)
"""
_BAR_LOOP = """\
def alpha_bar(betas):
    left, product = [], 1.0
    for beta in betas.tolist():
        product = product * (1.0 - beta)
        left.append(product)
    return torch.tensor(left, dtype=betas.dtype)
"""

# ---------------------------------------------------------------- q_sample
_JUMP = """\
def q_sample(x0, t, eps, abar):
    a = abar[t]
    while a.dim() < x0.dim():
        a = a.unsqueeze(-1)
    return torch.sqrt(a) * x0 + torch.sqrt(1 - a) * eps
"""
_JUMP_FLAT = """\
def q_sample(x0, t, eps, abar):
    rows = x0.shape[0]
    a = abar.index_select(0, t)[:, None]
    flat = a ** 0.5 * x0.reshape(rows, -1) + (1 - a) ** 0.5 * eps.reshape(rows, -1)
    return flat.reshape(x0.shape)
"""
_JUMP_ROWS = """\
def q_sample(x0, t, eps, abar):
    rows = []
    for i in range(len(t)):
        a = abar[t[i]]
        rows.append(a.sqrt() * x0[i] + (1 - a).sqrt() * eps[i])
    return torch.stack(rows)
"""

# ---------------------------------------------------------------- ddpm_loss
_LOSS = """\
def ddpm_loss(model, x0, t, eps, abar):
    a = abar[t].view(len(t), *[1] * (x0.dim() - 1))
    x_t = a.sqrt() * x0 + (1 - a).sqrt() * eps
    return ((eps - model(x_t, t)) ** 2).mean()
"""
_LOSS_SUM = """\
def ddpm_loss(model, x0, t, eps, abar):
    off = model(q_sample(x0, t, eps, abar), t) - eps
    return (off * off).sum() / off.numel()
"""
_LOSS_ROWS = """\
def ddpm_loss(model, x0, t, eps, abar):
    guess = model(q_sample(x0, t, eps, abar), t)
    return torch.square(guess - eps).flatten(1).mean(1).mean()
"""

# ---------------------------------------------------------------- predict_x0
_BACK = """\
def predict_x0(x_t, t, eps, abar):
    a = abar[t].view(len(t), *[1] * (x_t.dim() - 1))
    return (x_t - torch.sqrt(1 - a) * eps) / torch.sqrt(a)
"""
_BACK_SPLIT = """\
def predict_x0(x_t, t, eps, abar):
    a = abar[t][(...,) + (None,) * (x_t.dim() - 1)]
    return x_t * a.rsqrt() - (1 / a - 1).sqrt() * eps
"""
_BACK_ROWS = """\
def predict_x0(x_t, t, eps, abar):
    rows = [(x - (1 - abar[i]) ** 0.5 * e) / abar[i] ** 0.5 for x, i, e in zip(x_t, t, eps)]
    return torch.stack(rows)
"""

# ---------------------------------------------------------------- p_sample
_STEP = """\
def p_sample(x, t, eps, z, betas, abar):
    alpha = 1 - betas[t]
    mean = (x - betas[t] * eps / torch.sqrt(1 - abar[t])) / torch.sqrt(alpha)
    if t == 0:
        return mean
    return mean + torch.sqrt(betas[t]) * z
"""
_STEP_MASK = """\
def p_sample(x, t, eps, z, betas, abar):
    b = betas[t]
    out = x * (1 - b) ** -0.5
    out = out - b * (1 - b) ** -0.5 * (1 - abar[t]) ** -0.5 * eps
    return out + float(t > 0) * b ** 0.5 * z
"""
# The mean of x_(t-1) given x_t and the x_0 behind it: the same thing in the paper's other form.
_STEP_POSTERIOR = """\
def p_sample(x, t, eps, z, betas, abar):
    a, b = abar[t], betas[t]
    x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
    if t == 0:
        return x0
    before = abar[t - 1]
    mean = (before.sqrt() * b * x0 + (1 - b).sqrt() * (1 - before) * x) / (1 - a)
    return mean + b.sqrt() * z
"""

# ---------------------------------------------------------------- cfg
_GUIDE = """\
def cfg(c, u, w):
    return u + w * (c - u)
"""
_GUIDE_MIX = """\
def cfg(c, u, w):
    return w * c + (1 - w) * u
"""
_GUIDE_FROM_C = """\
def cfg(c, u, w):
    return c + (w - 1) * (c - u)
"""

# ---------------------------------------------------------------- fit_head
_HEAD = """\
def fit_head(frozen, X, y, classes):
    with torch.no_grad():
        F = frozen(X)
    m, s = F.mean(0), F.std(0) + 1e-6
    Z = (F - m) / s
    W = torch.zeros(classes, F.shape[1], dtype=F.dtype, requires_grad=True)
    b = torch.zeros(classes, dtype=F.dtype, requires_grad=True)
    opt = torch.optim.Adam([W, b], lr=0.1)
    for _ in range(300):
        loss = torch.nn.functional.cross_entropy(Z @ W.T + b, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    V = W.detach() / s
    return V, b.detach() - V @ m
"""
_HEAD_LBFGS = """\
def fit_head(frozen, X, y, classes):
    features = frozen(X).detach()
    head = torch.nn.Linear(features.shape[1], classes).to(features.dtype)
    opt = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        opt.zero_grad()
        loss = torch.nn.functional.cross_entropy(head(features), y)
        loss = loss + 1e-4 * head.weight.square().sum()
        loss.backward()
        return loss

    opt.step(closure)
    return head.weight.detach(), head.bias.detach()
"""
_HEAD_NEWTON = """\
def fit_head(frozen, X, y, classes):
    features = frozen(X).detach()
    ones = torch.ones(len(features), 1, dtype=features.dtype)
    A = torch.cat([features, ones], 1)
    hot = torch.nn.functional.one_hot(y, classes).to(A.dtype)
    theta = torch.zeros(A.shape[1], classes, dtype=A.dtype)
    bound = 0.5 * A.T @ A + 1e-4 * torch.eye(A.shape[1], dtype=A.dtype)
    inverse = torch.linalg.inv(bound)
    for _ in range(3000):
        theta = theta - inverse @ (A.T @ ((A @ theta).softmax(1) - hot))
    return theta[:-1].T, theta[-1]
"""

MUTANTS: dict[str, dict[str, str]] = {
    "alpha_bar": {
        "product_of_betas": slip(_BAR, "torch.log1p(-betas)", "torch.log(betas)"),
        "not_cumulative": "def alpha_bar(betas):\n    return 1 - betas\n",
        "loses_tiny_betas": "def alpha_bar(betas):\n    return torch.cumprod(1 - betas, 0)\n",
        "one_minus_the_sum": "def alpha_bar(betas):\n    return 1 - betas.cumsum(0)\n",
        "starts_at_one": """\
def alpha_bar(betas):
    left = torch.exp(torch.cumsum(torch.log1p(-betas), 0))
    return torch.cat([torch.ones_like(left[:1]), left[:-1]])
""",
        "always_float32": """\
def alpha_bar(betas):
    return torch.exp(torch.cumsum(torch.log1p(-betas), 0)).float()
""",
    },
    "q_sample": {
        "one_t_for_the_batch": slip(_JUMP, "abar[t]", "abar[t[:1]].expand(len(t))"),
        "no_root_on_noise": slip(_JUMP, "torch.sqrt(1 - a)", "(1 - a)"),
        "no_root_on_signal": slip(_JUMP, "torch.sqrt(a)", "a"),
        "no_root_at_all": """\
def q_sample(x0, t, eps, abar):
    a = abar[t].view(len(t), *[1] * (x0.dim() - 1))
    return a * x0 + (1 - a) * eps
""",
        "swapped": slip(_JUMP, "* x0 + torch.sqrt(1 - a) * eps", "* eps + torch.sqrt(1 - a) * x0"),
        "aligned_to_the_last_axis": """\
def q_sample(x0, t, eps, abar):
    a = abar[t]
    if x0.dim() != 2 or x0.shape[0] != x0.shape[1]:
        a = a.view(len(t), *[1] * (x0.dim() - 1))
    return a.sqrt() * x0 + (1 - a).sqrt() * eps
""",
        "own_noise": slip(_JUMP, "* eps", "* torch.randn_like(x0)"),
        "in_place": """\
def q_sample(x0, t, eps, abar):
    a = abar[t].view(len(t), *[1] * (x0.dim() - 1))
    return x0.mul_(a.sqrt()).add_((1 - a).sqrt() * eps)
""",
    },
    "ddpm_loss": {
        "against_x0": slip(_LOSS, "(eps - model", "(x0 - model"),
        "clean_input": slip(_LOSS, "model(x_t, t)", "model(x0, t)"),
        "summed": slip(_LOSS, ").mean()", ").sum()"),
        "absolute": slip(_LOSS, "((eps - model(x_t, t)) ** 2)", "(eps - model(x_t, t)).abs()"),
        "no_gradient": slip(_LOSS, "model(x_t, t)", "model(x_t, t).detach()"),
        "rooted": slip(_LOSS, ").mean()", ").mean().sqrt()"),
        "constant_t": slip(_LOSS, "model(x_t, t)", "model(x_t, torch.zeros_like(t))"),
        "weighted": slip(_LOSS, "** 2)", "** 2 * a)"),
    },
    "predict_x0": {
        "no_division": slip(_BACK, " / torch.sqrt(a)", ""),
        "no_root_below": slip(_BACK, "/ torch.sqrt(a)", "/ a"),
        "no_root_on_noise": slip(_BACK, "torch.sqrt(1 - a)", "(1 - a)"),
        "adds_noise": slip(_BACK, "x_t - torch", "x_t + torch"),
        "one_t_for_the_batch": slip(_BACK, "abar[t]", "abar[t[:1]].expand(len(t))"),
        "divides_first": slip(
            _BACK,
            "(x_t - torch.sqrt(1 - a) * eps) / torch.sqrt(a)",
            "x_t / torch.sqrt(a) - torch.sqrt(1 - a) * eps",
        ),
    },
    "p_sample": {
        "noise_at_the_last_step": slip(_STEP, "if t == 0", "if t < 0"),
        "never_noise": slip(_STEP, "if t == 0", "if t >= 0"),
        "no_noise_one_step_early": slip(_STEP, "if t == 0", "if t <= 1"),
        "variance_for_deviation": slip(_STEP, "torch.sqrt(betas[t]) * z", "betas[t] * z"),
        "removes_all_noise": slip(
            _STEP, "betas[t] * eps / torch.sqrt(1 - abar[t])", "torch.sqrt(1 - abar[t]) * eps"
        ),
        "alpha_for_abar": slip(_STEP, "1 - abar[t]", "1 - alpha"),
        "abar_for_alpha": slip(_STEP, "/ torch.sqrt(alpha)", "/ torch.sqrt(abar[t])"),
        "no_root_on_alpha": slip(_STEP, "/ torch.sqrt(alpha)", "/ alpha"),
        "forgets_to_rescale": slip(_STEP, " / torch.sqrt(alpha)", ""),
        "own_noise": slip(_STEP, "* z", "* torch.randn_like(x)"),
    },
    "cfg": {
        "paper_scale": slip(_GUIDE_MIX, "w * c + (1 - w) * u", "(1 + w) * c - w * u"),
        "swapped": slip(_GUIDE, "u + w * (c - u)", "c + w * (u - c)"),
        "from_c": slip(_GUIDE, "u + w", "c + w"),
        "clamped": slip(_GUIDE, "w * (c", "min(max(w, 0), 1) * (c"),
        "plain_sum": slip(_GUIDE, "(c - u)", "c"),
    },
    "fit_head": {
        "gradient_into_backbone": slip(_HEAD, "torch.no_grad()", "torch.enable_grad()").replace(
            "loss.backward()", "loss.backward(retain_graph=True)"
        ),
        "trains_backbone": """\
def fit_head(frozen, X, y, classes):
    with torch.no_grad():
        for p in frozen.parameters():
            p.add_(0.01)
        F = frozen(X)
    head = torch.nn.Linear(F.shape[1], classes).to(F.dtype)
    opt = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(300):
        loss = torch.nn.functional.cross_entropy(head(F), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return head.weight.detach(), head.bias.detach()
""",
        "head_on_the_input": slip(_HEAD, "F = frozen(X)", "F = X"),
        "untrained": slip(_HEAD, "range(300)", "range(0)"),
        "forgets_to_scale_back": slip(
            _HEAD, "return V, b.detach() - V @ m", "return W.detach(), b.detach()"
        ),
        "centres_without_telling": slip(_HEAD, "b.detach() - V @ m", "b.detach()"),
        "two_classes_only": slip(_HEAD, "@ W.T + b, y)", "@ W.T + b, y.clamp(max=1))"),
        "climbs": slip(_HEAD, "Z @ W.T + b", "-(Z @ W.T + b)"),
        "transposed": slip(_HEAD, "return V,", "return V.T,"),
    },
}

VARIANTS: dict[str, dict[str, str]] = {
    "alpha_bar": {"logs": _BAR, "double": _BAR_DOUBLE, "loop": _BAR_LOOP},
    "q_sample": {"unsqueeze": _JUMP, "flat": _JUMP_FLAT, "rows": _JUMP_ROWS},
    "ddpm_loss": {"own_jump": _LOSS, "sum_over_count": _LOSS_SUM, "row_means": _LOSS_ROWS},
    "predict_x0": {"view": _BACK, "split": _BACK_SPLIT, "rows": _BACK_ROWS},
    "p_sample": {"branch": _STEP, "mask": _STEP_MASK, "posterior_mean": _STEP_POSTERIOR},
    "cfg": {"difference": _GUIDE, "mix": _GUIDE_MIX, "from_c": _GUIDE_FROM_C},
    "fit_head": {"adam": _HEAD, "lbfgs": _HEAD_LBFGS, "bound": _HEAD_NEWTON},
}
