// Follows faces from frame to frame by the overlap of their boxes, as edge/emoji_edge/track.py does; its docstring is the rule.

import { measureOverlap } from "./detector.js";

/** Gives each face of each frame of one video the number of its track, from 1. */
export class Tracker {
  /** @type {Map<number, {box: number[], time: number}>} where and when each open track was last seen */
  #seen = new Map();
  #before = 0; // time of the frame before
  #count = 0;

  /** @param {{overlap: number, gap: number}} limits the least overlap that joins, and the seconds that a track may be unseen */
  constructor({ overlap, gap }) {
    this.overlap = overlap;
    this.gap = gap;
  }

  /**
   * Tracks of a frame's faces, in their order.
   *
   * @param {number[][]} boxes
   * @param {number} time of the frame, in seconds
   * @returns {number[]}
   */
  followFaces(boxes, time) {
    this.#closeTracks(time);
    const tracks = this.#joinTracks(boxes).map((track) => track || ++this.#count);
    tracks.forEach((track, face) => this.#seen.set(track, { box: boxes[face], time }));
    this.#before = time;
    return tracks;
  }

  /** The open tracks of faces, 0 where one has none; the largest overlap goes first, equal ones by track, then by face. */
  #joinTracks(boxes) {
    const pairs = [...this.#seen].flatMap(([track, { box }]) =>
      boxes.map((other, face) => ({ overlap: measureOverlap(box, other), track, face })),
    );
    pairs.sort((a, b) => b.overlap - a.overlap || a.track - b.track || a.face - b.face);
    const tracks = boxes.map(() => 0);
    const taken = new Set();
    for (const { overlap, track, face } of pairs) {
      if (overlap < this.overlap || taken.has(track) || tracks[face]) continue;
      taken.add(track);
      tracks[face] = track;
    }
    return tracks;
  }

  #closeTracks(time) {
    for (const [track, seen] of this.#seen)
      if (seen.time !== this.#before && time - seen.time > this.gap) this.#seen.delete(track);
  }
}
