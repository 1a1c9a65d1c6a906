"""What moved between the cutoffs of two issues, from the history in `content.db`. How it is written is in changes.py.

Two states are compared: what held before the cutoff of the issue before, and what held before this issue's. So a
move is found in one issue only, and what was first seen between the two is none. Its size is in points:

- the panel's **decision** turned: 200 and the points by which the share that ships moved; from or to a tie, 100 and
  those points;
- a **price**: the percentage it moved by, at most 100; 100 from or to nothing;
- the **share** that ships: the points it moved by;
- the **mean score**: twice the points it moved by, counted only where a reviewer's own score moved;
- a tool is being given up (its status says so): 150; any other new **status** or **release**: 20;
- a **comparison** published before and described otherwise since: 5;
- **votes** of our readers on a comparison, counted since: as many as voted.
"""

from newsletter.digest.moves.find import find_moves
from newsletter.digest.moves.move import Move, MoveKind, Priced, Span

__all__ = ["Move", "MoveKind", "Priced", "Span", "find_moves"]
