#!/usr/bin/env python3
"""Figures of PyTorch's optimisers and schedules, as a C header on standard output:
    /usr/bin/python3 tests/unit/optim/pytorch_figures.py > tests/unit/optim/pytorch_figures.h   (Debian: python3-torch)
Parameters and gradients are formulas that tests/unit/optim/pytorch.c repeats; everything is in double."""
import torch

N, STEPS = 6, 6


def params():
    return torch.tensor([0.5 * i - 1.25 for i in range(N)], dtype=torch.float64)


def gradient(step, scale):
    return torch.tensor([scale * ((7 * i + 3 * step) % 11 - 5) for i in range(N)], dtype=torch.float64)


def steps_of(make, scale):
    p = torch.nn.Parameter(params())
    optimizer = make([p])
    rows = []
    for step in range(STEPS):
        p.grad = gradient(step, scale)
        optimizer.step()
        rows.append(p.detach().tolist())
    return rows


def rates_of(make, total, steps_per_epoch=1):
    p = torch.nn.Parameter(params())
    optimizer = torch.optim.SGD([p], lr=0.5)
    schedule = make(optimizer)
    rates = []
    for step in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        p.grad = torch.zeros_like(p)
        optimizer.step()
        if (step + 1) % steps_per_epoch == 0:
            schedule.step()
    return rates


def warm(optimizer, steps, then):
    first = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=1.0 / steps, total_iters=steps - 1)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [first, then], milestones=[steps])


def table(rows):
    return "{" + ",\n     ".join("{" + ", ".join(f"{x:.17g}" for x in row) + "}" for row in rows) + "}"


OPTIMIZERS = [
    # name, scale of gradients, keys of bitloom's configuration, PyTorch's
    ("sgd", 0.1, ".name = BL_OPTIMIZER_sgd, .lr = 0.1",
     lambda p: torch.optim.SGD(p, lr=0.1)),
    ("sgd with momentum and decay", 0.1, ".name = BL_OPTIMIZER_sgd, .lr = 0.05, .momentum = 0.9, .weight_decay = 0.01",
     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01)),
    ("sgd with Nesterov's momentum", 0.1,
     ".name = BL_OPTIMIZER_sgd, .lr = 0.05, .momentum = 0.8, .nesterov = 1, .weight_decay = 0.02",
     lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.02)),
    ("adamw", 0.1, ".name = BL_OPTIMIZER_adamw, .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.1",
     lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)),
    ("adamw where epsilon weighs", 1e-6,
     ".name = BL_OPTIMIZER_adamw, .lr = 0.02, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.3",
     lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3)),
    ("adamw with tiny gradients", 1e-7,
     ".name = BL_OPTIMIZER_adamw, .lr = 0.02, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.0",
     lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)),
]

cosine = torch.optim.lr_scheduler.CosineAnnealingLR
SCHEDULES = [
    # name, total steps, steps an epoch, keys, PyTorch's
    ("constant", 12, 4, ".schedule = BL_SCHEDULE_CONSTANT", lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0), 1),
    ("cosine", 20, 4, ".schedule = BL_SCHEDULE_COSINE", lambda o: cosine(o, T_max=20, eta_min=0.0), 1),
    ("cosine to a tenth", 20, 4, ".schedule = BL_SCHEDULE_COSINE, .final_lr = 0.1", lambda o: cosine(o, T_max=20, eta_min=0.05), 1),
    ("cosine after warm-up", 40, 4, ".schedule = BL_SCHEDULE_COSINE, .warmup_steps = 4, .final_lr = 0.2",
     lambda o: warm(o, 4, cosine(o, T_max=36, eta_min=0.1)), 1),
    ("steps", 24, 4, ".schedule = BL_SCHEDULE_STEP, .step_factor = 0.5, .step_every_epochs = 2",
     lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=2, gamma=0.5), 4),
]

print("/* Made by pytorch_figures.py with PyTorch " + torch.__version__ + "; not edited by hand. */")
print("#ifndef TESTS_PYTORCH_FIGURES_H\n#define TESTS_PYTORCH_FIGURES_H\n")
print(f"enum {{ FIGURES_N = {N}, FIGURES_STEPS = {STEPS}, FIGURES_RATES = 40 }};\n")
print("static const struct {\n    const char *name;\n    double scale;\n    struct bl_config_optimizer config;\n"
      "    double params[FIGURES_STEPS][FIGURES_N];\n} pytorch_optimizers[] = {")
for name, scale, keys, make in OPTIMIZERS:
    print(f"    {{\"{name}\", {scale:g}, {{{keys}}},\n     {table(steps_of(make, scale))}}},")
print("};\n")
print("static const struct {\n    const char *name;\n    int total, steps_per_epoch;\n    struct bl_config_optimizer config;\n"
      "    double rate[FIGURES_RATES];\n} pytorch_schedules[] = {")
for name, total, per_epoch, keys, make, every in SCHEDULES:
    rates = rates_of(make, total, every)
    print(f"    {{\"{name}\", {total}, {per_epoch}, {{.lr = 0.5, {keys}}},\n     {{" + ", ".join(f"{x:.17g}" for x in rates) + "}},")
print("};\n\n#endif")
