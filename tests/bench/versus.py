"""Load on Panelroom and on its peers in one run: server CPU per delivery, latencies, losses.

    PEERS=../peers python tests/bench/versus.py [--bench ../shared/bench] [--peers yws,hocuspocus-sqlite] [--reps 3]
        [--mode paced] [--rooms 125] [--clients 5] [--table FILE] [-- options of loadgen.py, like --rate 10]

The generator (versus.py, loadgen.py, peers/) lies in the folder of --bench or $PANELROOM_BENCH. PEERS is a copy of its
peers/ after `npm install` there. Everything of ours is on: gate, journal, presence, one /join per client; only the
limits on joins and frames are off. Believe a latency only where gen_util < 0.8 and server_wait < 0.15.
"""

import argparse
import asyncio
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parents[2]
REFERENCE = "yws"
PANELROOM = [sys.executable, "-m", "web.cli"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--bench", type=Path, default=Path(os.environ.get("PANELROOM_BENCH", ROOT.parent / "shared" / "bench"))
    )
    parser.add_argument("--peers", default="yws,hocuspocus-sqlite")
    parser.add_argument("--mode", choices=["paced", "sat", "conn"], default="paced")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--rooms", type=int, default=125)
    parser.add_argument("--clients", type=int, default=5)
    parser.add_argument("--table", type=Path, help="also write the table here")
    parser.add_argument("--prepare", nargs=2, metavar=("PORT", "DATA"), help="print the targets of a running server")
    arguments, load = parser.parse_known_args()
    if arguments.prepare is not None:
        port, data = arguments.prepare
        print(json.dumps(asyncio.run(targets(int(port), add_key(Path(data)), arguments.rooms, arguments.clients))))
        return
    load = [option for option in load if option != "--"]
    rows = measure(arguments, load)
    lines = table(rows)
    print("\n".join(lines))
    if arguments.table is not None:
        arguments.table.write_text("\n".join(lines) + "\n")


def measure(arguments: argparse.Namespace, load: list[str]) -> list[dict[str, Any]]:
    """One row for each server and repetition."""
    rooms, clients = str(arguments.rooms), str(arguments.clients)
    ours = shlex.join([*PANELROOM, "serve", "--port", "{port}", "--data", "{tmp}/data"])
    prepare = shlex.join(
        [sys.executable, __file__, "--rooms", rooms, "--clients", clients, "--prepare", "{port}", "{tmp}/data"]
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.jsonl"
        command = [sys.executable, str(arguments.bench / "versus.py"), arguments.mode, "--reps", str(arguments.reps)]
        command += ["--peers", arguments.peers, "--ours", ours, "--prepare", prepare, "--out", str(out)]
        command += ["--", "--rooms", rooms, "--clients", clients, *load]
        limits = {"PANELROOM_JOINS_PER_MIN": "0", "PANELROOM_FRAMES_PER_S": "0"}
        subprocess.run(command, cwd=ROOT, env=os.environ | limits, check=True)
        return [json.loads(line) for line in out.read_text().splitlines()]


def add_key(data: Path) -> str:
    scope = "liveInterview.company.write"
    made = subprocess.run(
        [*PANELROOM, "key", "add", "--description", "bench", "--scope", scope, "--data", str(data)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return made.stdout.strip()


async def targets(port: int, key: str, rooms: int, clients: int) -> list[list[str]]:
    """For every room the code document's URL of each client."""
    signed = {"Authorization": f"Bearer {key}"}
    policy = {"interviewers": 3, "observers": 10, "guests": clients, "over_limit": "observe"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60, trust_env=False) as http:

        async def call(path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
            http.cookies.clear()  # every client is another device
            answer = await http.post(path, json=body, headers=headers)
            answer.raise_for_status()
            return answer.json()

        async def room() -> list[str]:
            interview = await call("/interviews", {"title": "Bench", "policy": policy}, signed)
            urls = []
            for seat in range(clients):
                who = {"as": "guest", "name": f"Guest {seat}"} if seat else {"as": "candidate", "name": "Cleo"}
                joined = await call(f"/interviews/{interview['id']}/join", who, {})
                urls.append(joined["documents"][0]["url"])
            return urls

        return [await room() for _ in range(rooms)]


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Medians over the repetitions; ratios are taken within a repetition."""
    found = {(row["variant"], row["rep"]): row for row in rows}
    lines = [
        "| server | µs CPU a delivery | against yws | p50 ms | p99 ms | deliveries/s | lost | server_wait | gen_util |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        good = [row for row in rows if row["variant"] == variant and row.get("server_cpu_s_per_100k")]
        if not good:
            error = next((row.get("error") for row in rows if row["variant"] == variant), "")
            lines.append(f"| {variant} | no result: {str(error)[-200:]!r} | | | | | | | |")
            continue
        ratios = [
            row["server_cpu_s_per_100k"] / found[REFERENCE, row["rep"]]["server_cpu_s_per_100k"]
            for row in good
            if found.get((REFERENCE, row["rep"]), {}).get("server_cpu_s_per_100k")
        ]
        ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
        cells = [
            f"{middle(good, 'server_cpu_s_per_100k') * 10:.0f}",
            ratio,
            f"{middle(good, 'p50'):.1f}",
            f"{middle(good, 'p99'):.1f}",
            f"{middle(good, 'deliveries_per_s'):,.0f}",
            str(sum(row.get("lost") or 0 for row in good)),
            f"{middle(good, 'server_wait'):.2f}",
            f"{middle(good, 'gen_util'):.2f}",
        ]
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    return lines


def middle(rows: list[dict[str, Any]], field: str) -> float:
    return statistics.median(float(row[field]) for row in rows if row.get(field) is not None)


if __name__ == "__main__":
    main()
