"""The command on videos: a row for each face of each frame, and a summary of each video."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..annotate_video import VideoAnnotator
from ..batch import Failure, Outcome
from ..console import OK, SOME_FAILED
from ..contract import Contract
from ..listing import Omissions, Photo
from ..result import PhotoResult
from ..timeline import Timeline, list_photo_rows
from ..video import VideoError
from .finding import UsageError
from .moments import Moment, classify_moments, count_moments, list_moments, list_sources
from .options import Options
from .progress import Progress, show_progress
from .resume_timeline import (
    Earlier,
    check_finder,
    list_failures,
    read_earlier,
    resume_moments,
    skip_sources,
)
from .summary import format_summary
from .table import format_table
from .timeline_output import TimelineOutput


def run_videos(options: Options, contract: Contract) -> int:
    """Write the timelines of videos, and of photos among them; returns the exit status."""
    if options.output.resume and options.annotate:
        raise UsageError("--resume and --annotate exclude one another where there are videos")
    kind, path = options.output.format, options.output.path
    earlier = read_earlier(kind, path, contract.labels) if options.output.resume else None
    if earlier:
        check_finder(earlier, options.classifier.finder, contract)

    def count() -> int:
        return count_moments(find_sources(options, earlier), contract.max_pixels, options.every)

    with show_progress(options.output, count, "frame") as progress:
        output = TimelineOutput(kind, path, contract.labels)
        recorder = Recorder(options, contract, output, progress)
        with contextlib.closing(recorder):
            record_moments(options, contract, recorder, earlier)
    return SOME_FAILED if recorder.failures else OK


def find_sources(
    options: Options, earlier: Earlier | None, omissions: Omissions | None = None
) -> Iterator[Photo]:
    """Yield photos and videos that are still to be done or finished; omissions counts the rest."""
    own = (options.annotate, options.output.path)
    sources = list_sources(options.photos, options.recursive, own, omissions)
    return skip_sources(sources, earlier) if earlier else sources


def record_moments(
    options: Options, contract: Contract, recorder: "Recorder", earlier: Earlier | None
) -> None:
    """Classify all moments, from where an earlier run stopped, and record them."""
    omissions = Omissions()
    sources, limit = find_sources(options, earlier, omissions), contract.max_pixels
    moments = list_moments(sources, limit, options.every, options.classifier.threads)
    if earlier and earlier.frame is not None:
        timeline = recorder.begin_video(earlier.source)
        classifier = options.classifier.build()
        moments = resume_moments(moments, earlier, timeline, classifier, recorder.progress.advance)
    if earlier:
        report_earlier(earlier, limit, recorder)
    outcomes = classify_moments(moments, options.classifier, options.jobs, options.annotate)
    recorder.output.open(earlier.keep if earlier else 0)
    for moment, photo, outcome in outcomes:
        recorder.record(moment, photo, outcome)
        recorder.progress.advance()
    recorder.finish_video()
    recorder.output.close()
    if text := omissions.describe():
        recorder.progress.say(f"emoji-edge: {text}")


def report_earlier(earlier: Earlier, max_pixels: int, recorder: "Recorder") -> None:
    """Count what failed in the part of the file that stays, and say what has no rows in it."""
    recorder.failures += earlier.failures
    if text := earlier.describe_absent():
        recorder.progress.say(f"emoji-edge: {text}")
    for failure in list_failures(earlier.absent, max_pixels):
        recorder.failures += 1
        recorder.progress.say(f"emoji-edge: {failure.photo}: {failure.error}")


class Recorder:
    """Writes outcomes as they come: rows, failures, summaries and annotated videos."""

    def __init__(
        self, options: Options, contract: Contract, output: TimelineOutput, progress: Progress
    ) -> None:
        """Begin without a video."""
        self.output = output
        self.progress = progress
        self.failures = 0
        self._options = options
        self._contract = contract
        self._timeline: Timeline | None = None
        self._annotator: VideoAnnotator | None = None
        self._copied = ""  # the video whose copy was begun, or could not be

    def record(self, moment: Moment, photo: Photo, outcome: Outcome) -> None:
        """Write one moment's outcome; photo: what was classified."""
        name = moment.source.name
        if self._timeline and self._timeline.video != name:
            self.finish_video()
        if isinstance(outcome, Failure):
            self._record_failure(moment, outcome)
        elif moment.frame is None:
            self.output.write_rows(list_photo_rows(outcome, self._contract.labels))
            self.output.write_text(format_table(outcome, True, self._contract.display_names))
        else:
            timeline = self._timeline or self.begin_video(name)
            rows = timeline.add_frame(moment.frame.index, moment.frame.time, outcome)
            self.output.write_rows(rows)
            self._annotate(moment, photo, outcome)

    def begin_video(self, name: str) -> Timeline:
        """Begin the timeline of the video of that name, and return it."""
        self._timeline = Timeline(name, self._contract)
        return self._timeline

    def finish_video(self) -> None:
        """Write the summary of the video that ends, if there is one, and finish its copy."""
        if self._timeline is None:
            return
        text = format_summary(self._timeline, self._contract)
        self._timeline = None
        self.close()
        if self.output.kind == "table":
            self.output.write_text(text)
        elif self._options.output.path:
            self.progress.show(text)
        else:
            self.progress.say(text)

    def close(self) -> None:
        """Finish the annotated copy, so that it can be played as far as it is written."""
        annotator, self._annotator = self._annotator, None
        if annotator is not None:
            with self._record_copy_failure(self._copied):
                annotator.close()

    def _record_failure(self, moment: Moment, failure: Failure) -> None:
        if moment.frame and not moment.error:
            failure = Failure(failure.photo, f"frame {moment.index}: {failure.error}")
        self._write_failure(failure)

    def _write_failure(self, failure: Failure) -> None:
        self.failures += 1
        self.output.write_failure(failure)
        self.progress.say(f"emoji-edge: {failure.photo}: {failure.error}")

    def _annotate(self, moment: Moment, photo: Photo, result: PhotoResult) -> None:
        if not self._options.annotate or moment.frame is None or photo.image is None:
            return
        source, folder = moment.source, Path(self._options.annotate)
        with self._record_copy_failure(source.name):
            if self._copied != source.name:
                self._copied = source.name
                self._annotator = VideoAnnotator(source.path, source.name, folder)
            if self._annotator is not None:
                self._annotator.write_frame(photo.image, result, moment.frame.time)

    @contextlib.contextmanager
    def _record_copy_failure(self, name: str) -> Iterator[None]:
        """Make a copy that cannot be written a failure of its video, which goes on without it."""
        try:
            yield
        except VideoError as error:
            annotator, self._annotator = self._annotator, None
            if annotator is not None:
                with contextlib.suppress(VideoError):
                    annotator.close()
            self._write_failure(Failure(name, str(error)))
