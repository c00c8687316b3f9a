"""`python -m cluster`: a real Kubernetes on this machine, for tests."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from cluster import addresses, build, cluster, images, kube_proxy, lock, mesh, needs, status, up
from cluster.binaries import DEFAULT, PARTS
from cluster.cluster import Cluster
from cluster.down import down
from cluster.failure import ClusterFailed
from cluster.identities import ADMIN
from cluster.progress import Progress

_EXAMPLES = """\
examples, as root:
  python -m cluster build                   Kubernetes and CoreDNS, from source (minutes the first time)
  python -m cluster up                      two nodes; what runs already is left alone
  eval "$(python -m cluster env)"           then: kubectl get pods --all-namespaces
  python -m cluster up --nodes 1 --kube-proxy iptables
  python -m cluster down --wipe             and the next cluster is a new one

All that it builds and writes is in HAUBERK_CLUSTER_HOME [default: ~/.cache/hauberk-cluster].
"""
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    try:
        return _do(options, cluster.of(os.environ, Progress().say))
    except (ClusterFailed, OSError) as failure:
        sys.stderr.write(f"error: {failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted. The same command goes on from here; python -m cluster down ends what runs\n")
        return _INTERRUPTED


def _do(options: argparse.Namespace, made: Cluster) -> int:
    places = made.places
    if options.command == "env":
        sys.stdout.write(_environment(made))
        return 0
    if options.command == "status":
        found = status.look(made)
        text = json.dumps(found.document(), indent=2) if options.output == "json" else "\n".join(found.lines())
        sys.stdout.write(f"{text}\n")
        return 0 if found.up else 1
    if options.command != "build":
        needs.root(os.geteuid())
    with lock.held(places.lock):
        if options.command == "build":
            build.build(places, options.parts or DEFAULT, made.say)
            images.make(places, made.say)
        elif options.command == "images":
            if options.proxy:
                mesh.take(places, options.proxy)
            images.make(places, made.say)
            up.load(made)
        elif options.command == "up":
            needs.check(places, os.environ, uid=os.geteuid())
            up.up(made, options.nodes, options.kube_proxy)
            sys.stdout.write(_environment(made))
        else:
            down(made, wipe=options.wipe)
    return 0


def _environment(made: Cluster) -> str:
    """For a shell to evaluate."""
    config, programs = (shlex.quote(str(path)) for path in (made.places.kubeconfig(ADMIN), made.places.bin))
    return f'export KUBECONFIG={config} PATH={programs}:"$PATH"\n'


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m cluster",
        description="A real Kubernetes on this machine, for tests.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    built = commands.add_parser("build", help="builds the programs that have changed, and images of them")
    known = f"of {', '.join(PARTS)} [default: {' '.join(DEFAULT)}]"
    built.add_argument("parts", nargs="*", type=_part, metavar="PART", help=known)
    start = commands.add_parser("up", help="starts what does not run, and waits until all is well (root)")
    start.add_argument("--nodes", type=int, default=2, choices=range(1, addresses.MOST_NODES + 1), metavar="N",
                       help=f"1 to {addresses.MOST_NODES} [default: 2]; further ones are ended")  # fmt: skip
    start.add_argument("--kube-proxy", choices=kube_proxy.MODES, default=kube_proxy.MODES[0],
                       help=f"how Services are made [default: {kube_proxy.MODES[0]}]")  # fmt: skip
    end = commands.add_parser("down", help="ends all that runs; nothing but files is left (root)")
    end.add_argument("--wipe", action="store_true", help="nor files, but for what was built")
    images_ = commands.add_parser("images", help="makes images anew and loads those that have changed (root)")
    images_.add_argument("--proxy", type=Path, metavar="FILE", help="the micro-proxy that its image is to hold")
    told = commands.add_parser("status", help="what runs; the exit code is 0 if all is well")
    told.add_argument("-o", "--output", choices=("text", "json"), default="text", help="[default: text]")
    commands.add_parser("env", help="what a shell is to set, so that kubectl finds the cluster")
    return parser.parse_args(argv)


def _part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(PARTS)}")
    return text


if __name__ == "__main__":
    sys.exit(main())
