#!/usr/bin/python3
"""bitloom's training step beside the same step in PyTorch DDP (gloo), in two forms.

    bench/peer/peer.py [--ranks P] [--rounds N] [--json FILE] BUILD BATCH...

bitloom (bench_peer) and the peer run in turn; ratios are medians over rounds. First both take one step on the
same rows from the same parameters: objective and gradient norm must agree, or nothing is timed.

The peer's ranks are this file again, started by a launcher: there it takes only BATCH... and prints ms per step
of each form. RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT come from torchrun, or rank and size from mpirun.

The step: layers 784-1024-512-64, relu, h = tanh; likelihood of all pairs of the global batch (DPSH, Li et al.
2016, eq. 1-2, alpha = 10/K, similar and dissimilar pairs balanced) + 0.1 quantization; SGD with momentum. The
loss of a pair is symmetric, so the gradient in c_i is twice that of its row with other codes held fixed: the
gather needs no backward pass. DDP averages over ranks, so a rank's part is multiplied by P.
  plain   autograd over the whole [n_local, N] matrix, as a user would write it
  tiled   tiles of 128 x 1024 in closed form, in place, without a graph
"""
import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

WIDTHS, CLASSES, TILE_ROWS, TILE_COLUMNS, FIRST = (784, 1024, 512, 64), 10, 128, 1024, 512
BITS = WIDTHS[-1]
ALPHA, QUANTIZATION = 10.0 / BITS, 0.1
FORMS = ("plain", "tiled")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# Targets, peer / bitloom: the faster form at least, and plain at least at batch 8,192.
BEST_AT_LEAST, PLAIN_AT_LEAST = 1.6, {8192: 17.0}


# ---- a rank of the peer

def gather(dist, torch, own, n_ranks):
    whole = torch.empty((n_ranks * own.shape[0],) + own.shape[1:], dtype=own.dtype)
    dist.all_gather(list(whole.chunk(n_ranks)), own)
    return whole


def class_weights(labels, torch):
    """Weights of similar and dissimilar pairs, so that each kind sums to half of Z = N(N-1); 1 if there is only one kind."""
    n = labels.numel()
    counts = torch.bincount(labels).double()
    pairs, similar = float(n) * (n - 1), float((counts * (counts - 1)).sum())
    if similar in (0.0, pairs):
        return 1.0, 1.0
    return pairs / (2 * similar), pairs / (2 * (pairs - similar))


def plain_pairs(torch, h, codes, own_labels, labels, first):
    similar, dissimilar = class_weights(labels, torch)
    n, pairs = h.shape[0], float(labels.numel()) * (labels.numel() - 1)
    theta = ALPHA * h @ codes.T
    s = (own_labels[:, None] == labels[None, :]).float()
    w = dissimilar + s * (similar - dissimilar)
    w[torch.arange(n), first + torch.arange(n)] = 0.0
    value = (w * (torch.nn.functional.softplus(theta) - s * theta)).sum() / pairs
    return value, 2.0 * value  # the value, and what to differentiate


class Tiles:
    """The value, and twice the rows' gradient in h, by tiles in buffers that every step reuses."""

    def __init__(self, torch):
        self.torch = torch
        self.theta, self.w, self.sign, self.work = (torch.empty(TILE_ROWS * TILE_COLUMNS) for _ in range(4))

    def tile(self, rows, columns, same, weights, diagonal):
        torch, shape = self.torch, same.shape
        theta, w, sign, work = (b[:same.numel()].view(shape)
                                for b in (self.theta, self.w, self.sign, self.work))
        torch.mm(rows, columns.T, out=theta)
        # softplus(t) - s t = softplus(u) with u = sign t, sign = 1 - 2s; its derivative in t is sign sigma(u).
        torch.where(same, weights[2], weights[3], out=sign)
        torch.where(same, weights[0], weights[1], out=w)
        if -shape[0] < diagonal < shape[1]:
            w.diagonal(diagonal).zero_()
        theta.mul_(sign)
        torch._C._nn.softplus(theta, out=work)
        value = torch.dot(work.view(-1), w.view(-1))
        theta.sigmoid_().mul_(sign).mul_(w)
        return value, theta

    def run(self, h, codes, own_labels, labels, first):
        torch, n, n_global = self.torch, h.shape[0], labels.numel()
        weights = [torch.tensor(v) for v in (*class_weights(labels, torch), -1.0, 1.0)]
        scaled, gradient, value = ALPHA * h, torch.zeros_like(h), 0.0
        for r in range(0, n, TILE_ROWS):
            for c in range(0, n_global, TILE_COLUMNS):
                columns = codes[c:c + TILE_COLUMNS]
                same = own_labels[r:r + TILE_ROWS, None] == labels[None, c:c + TILE_COLUMNS]
                part, d = self.tile(scaled[r:r + TILE_ROWS], columns, same, weights, first + r - c)
                value += part.double()
                gradient[r:r + TILE_ROWS].addmm_(d, columns)
        pairs = float(n_global) * (n_global - 1)
        return value / pairs, gradient.mul_(2.0 * ALPHA / pairs)


class Peer:
    def __init__(self, torch, dist, rank, n_ranks):
        self.torch, self.dist, self.rank, self.n_ranks = torch, dist, rank, n_ranks
        torch.manual_seed(1)
        layers = []
        for i, (n_in, n_out) in enumerate(zip(WIDTHS, WIDTHS[1:])):
            layers += [torch.nn.Linear(n_in, n_out)] + [torch.nn.ReLU()] * (i + 2 < len(WIDTHS))
        self.network = torch.nn.Sequential(*layers)
        self.ddp = torch.nn.parallel.DistributedDataParallel(self.network, gradient_as_bucket_view=True)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.01, momentum=0.9)
        self.tiles = Tiles(torch)

    def objective(self, form, x, labels):
        """This rank's part of the value; leaves the sum of the ranks' gradients in the parameters."""
        torch, n = self.torch, x.shape[0]
        self.optimizer.zero_grad(set_to_none=False)
        z = self.ddp(x)
        h = torch.tanh(z)
        codes = gather(self.dist, torch, h.detach(), self.n_ranks)
        all_labels = gather(self.dist, torch, labels, self.n_ranks)
        place, per_value = self.rank * n, all_labels.numel() * BITS
        if form == "plain":
            value, target = plain_pairs(torch, h, codes, labels, all_labels, place)
            signs = torch.where(z >= 0, 1.0, -1.0)
            quantization = QUANTIZATION * 0.5 * ((signs - h) ** 2).sum() / per_value
            (self.n_ranks * (target + quantization)).backward()
            return float(value + quantization)
        with torch.no_grad():
            own = h.detach()
            value, dh = self.tiles.run(own, codes, labels, all_labels, place)
            off = own - torch.where(z >= 0, 1.0, -1.0)
            value += QUANTIZATION * 0.5 * float(off.square().sum()) / per_value
            dz = dh.add_(off, alpha=QUANTIZATION / per_value).mul_(1.0 - own.square()).mul_(self.n_ranks)
        z.backward(dz)
        return float(value)

    def step(self, form, x, labels):
        self.objective(form, x, labels)
        self.optimizer.step()


def time_batch(peer, batch):
    torch, dist = peer.torch, peer.dist
    n = batch // peer.n_ranks
    rows = max(n, 32768 // peer.n_ranks)
    features, labels = torch.randn(rows, WIDTHS[0]), torch.randint(0, CLASSES, (rows,))
    rounds = 31 if batch <= 2048 else 5 if batch <= 8192 else 3
    ms = {form: [] for form in FORMS if form != "plain" or plain_fits(peer, batch)}
    for r in range(-2, rounds):
        chosen = torch.randperm(rows)[:n]
        for form in ms:
            dist.barrier()
            begun = time.perf_counter()
            peer.step(form, features[chosen], labels[chosen])
            dist.barrier()
            if r >= 0:
                ms[form].append(1e3 * (time.perf_counter() - begun))
    return {form: statistics.median(taken) for form, taken in ms.items()}


def plain_fits(peer, batch):
    """Whether memory holds the graph's roughly eight matrices [n_local, N] per rank. All ranks must agree."""
    available = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemAvailable"))
    fits = peer.torch.tensor([int(8 * 4 * batch * batch < 1024 * available)])
    peer.dist.broadcast(fits, 0)
    return bool(fits)


def repeat_first(peer, folder):
    """Prints value and gradient norm of each form for the step that bench_peer --first wrote to the folder."""
    torch, rank, n = peer.torch, peer.rank, FIRST // peer.n_ranks

    def read(name, dtype):
        return torch.frombuffer(bytearray(open(os.path.join(folder, name), "rb").read()), dtype=dtype)

    torch.nn.utils.vector_to_parameters(read("parameters", torch.float32), peer.network.parameters())
    x = read("features", torch.float32).view(FIRST, -1)[rank * n:(rank + 1) * n]
    labels = read("labels", torch.int32).long()[rank * n:(rank + 1) * n]
    for form in FORMS:
        value = torch.tensor(peer.objective(form, x, labels), dtype=torch.float64)
        peer.dist.all_reduce(value)
        norm = torch.sqrt(sum(p.grad.double().square().sum() for p in peer.network.parameters()))
        if rank == 0:
            print(f"{form} {float(value):.9g} {float(norm):.9g}", flush=True)


def rank_main(arguments):
    import torch
    import torch.distributed as dist
    rank = int(os.environ.get("RANK", os.environ.get("OMPI_COMM_WORLD_RANK", 0)))
    n_ranks = int(os.environ.get("WORLD_SIZE", os.environ.get("OMPI_COMM_WORLD_SIZE", 1)))
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=n_ranks)
    peer = Peer(torch, dist, rank, n_ranks)
    if arguments[0] == "--first":
        repeat_first(peer, arguments[1])
    else:
        for batch in map(int, arguments):
            for form, ms in time_batch(peer, batch).items():
                if rank == 0:
                    print(f"{batch} {form} {ms:.3f}", flush=True)
    dist.barrier()
    dist.destroy_process_group()


# ---- bitloom and the peer in turn

def lines_of(ranks, *command):
    environment = {k: v for k, v in os.environ.items() if k != "BITLOOM_BENCH_JSON"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        environment["MASTER_PORT"] = str(free.getsockname()[1])
    done = subprocess.run([os.path.join(ROOT, "scripts/mpirun"), "-n", str(ranks), *command], check=True,
                          stdout=subprocess.PIPE, text=True, env=environment)
    return [line.split() for line in done.stdout.splitlines()]


def compare_first(bench, ranks):
    with tempfile.TemporaryDirectory() as folder:
        ours = [float(v) for v in lines_of(1, bench, "--first", folder)[0]]
        theirs = lines_of(ranks, sys.executable, __file__, "--first", folder)
    print(f"one step of {FIRST} rows: objective and gradient norm\n  bitloom {ours[0]:.8f} {ours[1]:.8f}")
    for form, value, norm in theirs:
        print(f"  {form:7} {float(value):.8f} {float(norm):.8f}", flush=True)
    for _, value, norm in theirs:
        if abs(float(value) / ours[0] - 1) > 1e-5 or abs(float(norm) / ours[1] - 1) > 1e-4:
            sys.exit("bench/peer/peer.py: the peer doesn't compute what bitloom does; nothing is timed")


def record(file, name, value, target):
    if file:
        with open(file, "a", encoding="ascii") as out:
            out.write(json.dumps({"name": name, "value": float(f"{value:.4g}"), "limit": "at least",
                                  "target": target}) + "\n")


def compare_times(bench, options):
    print(f"{options.ranks} ranks; ms per step, then ratios to bitloom (medians of {options.rounds} rounds in turn)")
    print("   batch    bitloom      plain      tiled  plain/bitloom  tiled/bitloom  best/bitloom", flush=True)
    for batch in options.batch:
        rounds = []
        for _ in range(options.rounds):
            taken = {"bitloom": float(lines_of(options.ranks, bench, str(batch))[0][1])}
            peers = lines_of(options.ranks, sys.executable, __file__, str(batch))
            rounds.append({**taken, **{form: float(ms) for _, form, ms in peers}})
        forms = [form for form in FORMS if all(form in r for r in rounds)]
        ms = {way: statistics.median(r[way] for r in rounds) for way in ["bitloom"] + forms}
        ratio = {form: statistics.median(r[form] / r["bitloom"] for r in rounds) for form in forms}
        best = statistics.median(min(r[form] for form in forms) / r["bitloom"] for r in rounds)
        print(f"{batch:8} {ms['bitloom']:10.2f} " + " ".join(f"{ms.get(f, float('nan')):10.2f}" for f in FORMS) +
              " " + " ".join(f"{ratio.get(f, float('nan')):14.2f}" for f in FORMS) + f" {best:13.2f}", flush=True)
        if "plain" not in forms:
            print("         plain is left out: its matrices don't fit into memory")
        where = f"{options.ranks} ranks, batch {batch}"
        record(options.json, f"step: best PyTorch form / bitloom, {where}", best, BEST_AT_LEAST)
        if batch in PLAIN_AT_LEAST and "plain" in forms:
            record(options.json, f"step: plain PyTorch / bitloom, {where}", ratio["plain"], PLAIN_AT_LEAST[batch])


def main():
    if "OMPI_COMM_WORLD_RANK" in os.environ or "RANK" in os.environ:
        return rank_main(sys.argv[1:])
    parser = argparse.ArgumentParser(description="bitloom's step beside PyTorch DDP's")
    parser.add_argument("--ranks", type=int, default=int(os.environ.get("BITLOOM_RANKS", 2)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", default=os.environ.get("BITLOOM_BENCH_JSON"))
    parser.add_argument("build")
    parser.add_argument("batch", type=int, nargs="+")
    options = parser.parse_args()
    try:
        import torch.distributed  # pylint: disable=unused-import
    except ImportError:
        sys.exit("bench/peer/peer.py: PyTorch is not installed (apt-get install python3-torch)")
    bench = os.path.join(options.build, "bench", "bench_peer")
    if not os.access(bench, os.X_OK):
        sys.exit(f"bench/peer/peer.py: no {bench}; build it: cmake --build --preset release")
    compare_first(bench, options.ranks)
    return compare_times(bench, options)


if __name__ == "__main__":
    main()
