"""The table of a video's packets: how many frames, and where to jump in for each."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.stream import VideoStream

INTRA_ONLY = frozenset({"mjpeg", "ffv1", "huffyuv", "ffvhuff", "rawvideo", "prores", "dnxhd"})
"""Codecs whose frames never wait for later ones: their order is that of the packets."""

HIDDEN_FRAMES = frozenset({"vp8", "libvpx", "rv30", "rv40"})
"""Codecs that may have packets without a frame of their own."""


@dataclass(frozen=True, slots=True)
class PacketTable:
    """Presentation stamps of all packets that are worth a frame, sorted.

    Parameters
    ----------
    stamps : ndarray, (N,) int64
        In the stream's time base, ascending; empty if some packet has none.
    keys : ndarray, (K,) int64
        Stamps at which decoding can begin, ascending.
    count : int
        Number of packets worth a frame.
    """

    stamps: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    count: int

    @property
    def allows_seeking(self) -> bool:
        """True if the k-th stamp is the k-th frame's for certain."""
        if not self.count or len(self.stamps) != self.count or not len(self.keys):
            return False
        # What precedes the first key frame cannot be decoded and would shift the count.
        return bool(np.all(np.diff(self.stamps) > 0)) and self.keys[0] == self.stamps[0]

    def key_before(self, stamp: int, *, skip: int = 0) -> int | None:
        """Return the last key stamp not after ``stamp``, or ``skip`` key stamps earlier."""
        at = int(np.searchsorted(self.keys, stamp, side="right")) - 1 - skip
        return int(self.keys[at]) if at >= 0 else None


def is_worth_a_frame(packet: av.Packet[Any]) -> bool:
    """Tell if a packet gives a frame: not the closing packet, nor one cut away by an edit list."""
    return packet.size > 0 and not packet.is_discard


def has_frame_per_packet(stream: VideoStream) -> bool:
    """Tell if the number of packets is the number of frames."""
    return stream.codec_context.name not in HIDDEN_FRAMES


def stamps_are_true(container: InputContainer, stream: VideoStream) -> bool:
    """Tell if each packet's presentation stamp is that of the one frame made from it.

    AVI knows no presentation stamps: with frames that wait for later ones they are wrong.
    """
    codec = stream.codec_context
    in_order = container.format.name != "avi" or codec.name in INTRA_ONLY or not codec.has_b_frames
    return has_frame_per_packet(stream) and in_order


def read_table(container: InputContainer, stream: VideoStream) -> PacketTable:
    """Read every packet of the stream once, without decoding; 8 bytes of memory a frame.

    A file cut short is read as far as it goes.
    """
    stamps, keys = array("q"), array("q")
    count = 0
    try:
        for packet in container.demux(stream):
            if not is_worth_a_frame(packet):
                continue
            count += 1
            if packet.pts is not None:
                stamps.append(packet.pts)
                if packet.is_keyframe:
                    keys.append(packet.pts)
    except (av.FFmpegError, OSError):
        pass  # the reader of the frames says so, with the time
    return PacketTable(
        np.sort(np.frombuffer(stamps, np.int64)) if stamps else np.zeros(0, np.int64),
        np.sort(np.frombuffer(keys, np.int64)) if keys else np.zeros(0, np.int64),
        count,
    )
