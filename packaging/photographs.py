"""Turns landscape photographs out of Debian packages of wallpapers into a shard for `tessera-train evaluate`.

They are few and other people's: good to see how a model that learned from made pictures fares with real ones, never to
train on, and not to be passed on with Tessera.
"""

import argparse
import pathlib
import struct
import subprocess
import tempfile

import numpy
from PIL import Image

SIDE = 256
NAMES = [  # below usr/share, of what the packages hold the photographs of landscapes
    *(f"backgrounds/{name}.jpg" for name in (
        "Bridge_by_Sander_Klootwijk", "Dragonfly_by_Bolly", "aitzgorri_by_Aitzol_Berasategi",
        "life_by_Aitzol_Berasategi", "mate/nature/Dune", "mate/nature/GreenMeadow", "mate/nature/Storm",
        "picosdeeuropa_by_Aitzol_Berasategi", "seeding_by_Clements_Engelhardt", "sunset_by_Aitzol_Berasategi")),
    *(f"wallpapers/{name}/contents/images/2560x1600.jpg" for name in (
        "BytheWater", "ColdRipple", "DarkestHour", "EveningGlow", "FallenLeaf", "Kite", "OneStandsOut", "Path",
        "summer_1am")),
]


def square(path):
    picture = Image.open(path).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BOX)


def write_shard(path, pictures):
    """The layout is in models/training/shard.h; nothing is known of labels, depth and facts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with open(partial, "wb") as shard:
        shard.write(b"TLDS" + struct.pack("<5I", 1, SIDE, SIDE, len(pictures), 0))
        for picture in pictures:
            shard.write(numpy.asarray(picture).tobytes())
            shard.write(bytes(SIDE * SIDE * 4))
            shard.write(struct.pack("<I", 2) + b"{}")
    partial.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=pathlib.Path, required=True, help="folder with the .deb files")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, help="the shard, .tlds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for package in sorted(arguments.packages.glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        share = pathlib.Path(folder, "usr/share")
        missing = [name for name in NAMES if not (share / name).is_file()]
        if missing:
            raise SystemExit(f"The packages in {arguments.packages} lack {', '.join(missing)}.")
        write_shard(arguments.output, [square(share / name) for name in NAMES])
    print(f"{len(NAMES)} photographs in {arguments.output}")


if __name__ == "__main__":
    main()
