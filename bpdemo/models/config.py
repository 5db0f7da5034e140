"""Sizes of the models, one class each; without torch, which takes a second to import."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

SYSTOLIC_EDGES = (80.0, 100.0, 110.0, 120.0, 130.0, 140.0, 160.0, 180.0)
"""Edges of the systolic ranges in mmHg (ours): narrow where people are many."""
DIASTOLIC_EDGES = (40.0, 60.0, 70.0, 80.0, 90.0, 110.0)
"""Edges of the diastolic ranges in mmHg (ours)."""
CROSS_FITTED = 8
"""Networks of a `beats` model, and parts of the training people: each network is fitted without one part."""


def _rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    if any(low >= high for low, high in pairwise(edges)):
        raise ValueError("edges must rise")
    return edges


# The bounds limit the memory that a foreign config can ask for; the shipped networks stay far below them.
_Size = Annotated[int, Field(ge=1, le=1024, strict=True)]
_Members = Annotated[int, Field(ge=1, le=16, strict=True)]
_Blocks = Annotated[tuple[Annotated[int, Field(ge=1, le=16, strict=True)], ...], Field(min_length=1, max_length=8)]
_Dropout = Annotated[float, Field(ge=0, lt=1, strict=True)]
_Edge = Annotated[float, Field(ge=0, le=1024, strict=True, allow_inf_nan=False)]
_Edges = Annotated[tuple[_Edge, ...], Field(min_length=2, max_length=64), AfterValidator(_rising)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class NetworkConfig:
    """What all models have sizes for. All sizes are ours; the paper gives none.

    Attributes:
        systolic_edges, diastolic_edges: rising, in mmHg; R + 1 edges make R ranges `[low, high)`.
        members: networks of one kind whose answers are averaged.
        dropout: share of features dropped in training, 0 to below 1.

    Raises:
        ValidationError: pydantic's, for sizes or edges that no network can be built from.
    """

    systolic_edges: _Edges = SYSTOLIC_EDGES
    diastolic_edges: _Edges = DIASTOLIC_EDGES
    members: _Members = 1
    dropout: _Dropout = 0.2

    @property
    def shown(self) -> int:
        """How many numbers the model of what people tell takes of a clip (`told.what_clip_shows`)."""
        return 2


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class BeatsConfig(NetworkConfig):
    """Sizes of `beats.py`.

    Attributes:
        width: feature channels of the residual blocks.
        hidden: features behind them.
        shape: numbers that tell the shape of a beat.
        features: what the heads read.
    """

    members: _Members = CROSS_FITTED
    dropout: _Dropout = 0.4
    width: _Size = 32
    hidden: _Size = 96
    shape: _Size = 6
    features: _Size = 32

    @property
    def shown(self) -> int:
        """The numbers of the shape."""
        return self.shape


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PaperConfig(NetworkConfig):
    """Sizes of `paper.py`; those left out are its full size, the residual network of 18 layers.

    Attributes:
        slice_columns: columns of a time slice, 30 a second; slices overlap by half.
        blocks: residual blocks of each stage.
        widths: feature channels of each stage; each but the first halves rows and columns.
        hidden: size of the LSTM's state in each direction.
    """

    slice_columns: Annotated[int, Field(ge=16, le=285, strict=True)] = 90  # at most the shortest map
    blocks: _Blocks = (2, 2, 2, 2)
    widths: Annotated[tuple[_Size, ...], Field(min_length=1, max_length=8)] = (64, 128, 256, 512)
    hidden: _Size = 128

    @model_validator(mode="after")
    def _as_many_blocks_as_widths(self) -> Self:
        if len(self.blocks) != len(self.widths):
            raise ValueError("blocks and widths must be of as many stages")
        return self


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class BbpConfig(NetworkConfig):
    """Sizes of `bbp.py`; those left out are the published ones.

    Attributes:
        width: feature channels of the stem; all others are multiples of it.
    """

    dropout: _Dropout = 0.0
    width: Annotated[int, Field(ge=1, le=64, strict=True)] = 16


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class DrpBbpConfig(BbpConfig):
    """Sizes of `drp_bbp.py`; those left out are the published ones.

    Attributes:
        pulse_width: feature channels of the first convolution over frames; all others are multiples of it.
        side: pixels that crops are brought to; dilations shrink with it.
    """

    pulse_width: Annotated[int, Field(ge=1, le=64, strict=True)] = 16
    side: Literal[32, 64, 128] = 128


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ContrastPhysConfig(NetworkConfig):
    """Sizes of `contrast_phys.py`; those left out are the published ones. Edges and dropout have no part in it.

    Attributes:
        width: feature channels; half of it in the first layer.
        places: of either side of the block of waves.
    """

    dropout: _Dropout = 0.0
    width: Annotated[int, Field(ge=2, le=1024, strict=True)] = 64
    places: Annotated[int, Field(ge=1, le=8, strict=True)] = 2


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class YueConfig(NetworkConfig):
    """Sizes of `yue.py`; those left out are the published ones. Edges and dropout have no part in it.

    Attributes:
        width: feature channels.
    """

    dropout: _Dropout = 0.0
    width: Annotated[int, Field(ge=2, le=1024, strict=True)] = 64
