import { browserClock } from "./browser_clock";
import { announce } from "./dom";
import { spokenClock } from "./event_words";
import { rootOf } from "./file";
import { Player, SPEEDS } from "./player";
import type { Recording } from "./recording";
import { noEditWords, typingIn } from "./replay_carets";
import { emptyWords, ReplayCode } from "./replay_code";
import { ReplayFiles } from "./replay_files";
import { keyAction, type KeyActions } from "./replay_keys";
import { ReplayLayout } from "./replay_layout";
import { ReplayLog } from "./replay_log";
import { MomentAddress, momentUrl, type Moment } from "./replay_moment";
import { ReplayNotes } from "./replay_notes";
import { ReplayPeople } from "./replay_people";
import { Presence } from "./replay_presence";
import { previewAt } from "./replay_preview";
import { Transport } from "./replay_transport";
import { Timeline } from "./timeline";
import { verify } from "./verify";

export interface StageOptions {
  language: string;
  nonce: string;
  moment: Moment;
  /** The interview goes on: the recording grows. */
  isLive: boolean;
}

/** Further behind the end than this, one who follows it is taken there. */
const FAR_BEHIND_MS = 4_000;
const BEHIND_MS = 1_000;
/** After a seek, before it is said: many follow each other. */
const SETTLED_MS = 600;
const MOST_FRAMES = 5_000;

/** The replay on the page: everything that shows the moment, drawn once a frame. */
export class ReplayStage implements KeyActions {
  readonly player: Player;
  private readonly code: ReplayCode;
  private readonly notesPane: ReplayNotes | null;
  private readonly timeline: Timeline;
  private readonly transport: Transport;
  private readonly people: ReplayPeople;
  private readonly log: ReplayLog;
  private readonly presence = new Presence();
  private readonly address = new MomentAddress();
  private readonly layout = new ReplayLayout(() => {
    this.later();
  });
  readonly element = this.layout.element;
  private readonly frames: number[] = [];
  private only: { who: ReadonlySet<number> | null; file: string | null } = { who: null, file: null };
  /** The ids of `only.who`: the same set as long as it is the same. */
  private onlyIds: ReadonlySet<string> | null = null;
  private isLive: boolean;
  private isAtLive = false;
  private isHeld = false;
  private isDue = false;
  private wasPlaying = false;
  private sayTimer = 0;

  /** Raises RecordingInvalid. */
  constructor(
    recording: Recording,
    readonly notes: Player | null,
    options: StageOptions,
  ) {
    this.isLive = options.isLive;
    recording.duration_ms = Math.max(recording.duration_ms, notes?.end_ms ?? 0);
    this.player = new Player(recording, browserClock, () => {
      this.later();
    });
    this.notes?.last(this.player.end_ms);
    this.notesPane = notes === null ? null : new ReplayNotes(notes, options.nonce);
    this.code = new ReplayCode(
      this.player,
      notes,
      {
        language: options.language,
        nonce: options.nonce,
        onChange: () => {
          this.later();
        },
        onOnly: (file) => {
          this.filter({ ...this.only, file });
        },
      },
      this.notesPane === null ? null : this.layout.notesToggle,
    );
    const previewFiles = new ReplayFiles(this.player, options.language);
    this.timeline = new Timeline({
      player: this.player,
      notes: this.notes,
      onSeek: this.scrub.bind(this),
      preview: (at_ms) => previewAt(this.player, previewFiles, at_ms),
    });
    this.transport = new Transport({
      toggle: () => {
        this.toggle();
      },
      edit: (step) => {
        this.edit(step);
      },
      setSpeed: (speed) => {
        this.player.setSpeed(speed);
      },
      toggleSkip: () => {
        this.toggleSkip();
      },
      goLive: () => {
        this.goLive();
      },
      momentUrl: () => this.momentUrl(),
    });
    this.people = new ReplayPeople(recording, {
      onFollow: (who) => {
        this.code.focus.follow(who);
      },
      onOnly: (who) => {
        this.filter({ ...this.only, who });
      },
    });
    this.log = new ReplayLog(recording, (at_ms) => {
      this.seek(at_ms, true);
    });
    this.layout.lay({
      code: this.code.element,
      notes: this.notesPane?.element ?? null,
      side: [this.people.element, this.log.element],
      player: [this.transport.element, this.timeline.element],
    });
    window.addEventListener("keydown", this.onKey);
    this.start(options.moment);
  }

  destroy(): void {
    this.player.pause();
    window.removeEventListener("keydown", this.onKey);
    window.clearTimeout(this.sayTimer);
    this.timeline.destroy();
    this.layout.destroy();
    this.code.destroy();
    this.notesPane?.destroy();
  }

  get moment(): Moment {
    return { at_ms: this.player.position().at_ms, file: this.code.file };
  }

  get documents(): { name: string; recording: Recording }[] {
    const { player, notes } = this;
    return [
      { name: "Code", recording: player.recording },
      ...(notes === null ? [] : [{ name: "Notes", recording: notes.recording }]),
    ];
  }

  /** What has come since, of a running interview; whether that is anything. */
  grow(tail: Recording, notesTail: Recording | null, isLive: boolean): boolean {
    this.isLive = isLive;
    if (!isLive) this.isAtLive = false;
    this.later();
    const { player, notes } = this;
    const before = player.recording.entry + (notes?.recording.entry ?? 0);
    if (tail.entry > player.recording.entry) player.append(tail);
    if (notes !== null && notesTail !== null && notesTail.entry > notes.recording.entry) notes.append(notesTail);
    if (player.recording.entry + (notes?.recording.entry ?? 0) === before) return false;
    player.last(notes?.end_ms ?? 0);
    notes?.last(player.end_ms);
    this.timeline.refresh();
    this.people.update(player.recording);
    this.log.update(player.recording, this.onlyIds);
    if (this.isAtLive) this.keepUp();
    return true;
  }

  seek(at_ms: number, isFinal: boolean): void {
    this.isAtLive = false;
    this.code.focus.lookAgain();
    this.notesPane?.lookAgain();
    this.log.lookAgain();
    this.player.seekTo(at_ms);
    if (isFinal) this.sayLater();
  }

  /** It stands still while it is held, and goes on from where it is let go. */
  private scrub(at_ms: number, isFinal: boolean): void {
    if (!isFinal && this.player.position().playing) {
      this.isHeld = true;
      this.player.pause();
    }
    this.seek(at_ms, isFinal);
    if (!isFinal || !this.isHeld) return;
    this.isHeld = false;
    if (at_ms < this.player.end_ms) this.player.play();
  }

  toggle(): void {
    if (this.player.position().playing || this.isAtLive) {
      this.isAtLive = false;
      this.player.pause();
      this.later();
    } else this.player.play();
  }

  seekBy(ms: number): void {
    this.seek(this.player.position().at_ms + ms, true);
  }

  seekToPart(part: number): void {
    this.seek(this.player.end_ms * part, true);
  }

  edit(step: 1 | -1): void {
    this.isAtLive = false;
    if (this.code.focus.followed === null) this.code.focus.followEdits();
    const { who, file } = this.only;
    const root = file === null ? -1 : this.player.recording.roots.indexOf(rootOf(file));
    const filter = { ...(who === null ? {} : { who }), ...(root < 0 ? {} : { root }) };
    const before = this.player.position().entry;
    if (step === 1) this.player.nextEdit(filter);
    else this.player.previousEdit(filter);
    if (who !== null && before === this.player.position().entry) announce(noEditWords(this.player.recording, who));
    else this.sayLater();
  }

  mark(step: 1 | -1): void {
    const words = step === 1 ? this.timeline.nextMark() : this.timeline.previousMark();
    if (words !== null) announce(words);
  }

  changeSpeed(step: 1 | -1): void {
    const { speed } = this.player.position();
    const next = step === 1 ? SPEEDS.find((each) => each > speed) : SPEEDS.findLast((each) => each < speed);
    if (next === undefined) return;
    this.player.setSpeed(next);
    announce(`Speed ${next}`);
  }

  toggleSkip(): void {
    const skips = !this.player.position().skipsIdle;
    this.player.skipIdle(skips);
    announce(skips ? "Times in which nothing happened are skipped" : "All times are played");
  }

  toggleFollow(): void {
    const { who } = this.player.position();
    if (this.code.focus.followed !== null || this.code.focus.isAway || who < 0) this.code.focus.followEdits();
    else this.code.focus.follow(who);
  }

  followNext(): void {
    const count = this.player.recording.participants.length;
    if (count > 0) this.code.focus.follow(((this.code.focus.followed ?? -1) + 1) % count);
  }

  stopFollowing(): void {
    if (this.code.focus.followed !== null) this.code.focus.followEdits();
  }

  toggleNotes(): void {
    this.layout.toggleNotes();
  }

  copyMoment(): void {
    this.transport.copyMoment();
  }

  zoomBy(factor: number): void {
    this.timeline.zoomBy(factor);
  }

  zoomToFit(): void {
    this.timeline.zoomToFit();
  }

  toggleFolds(): void {
    this.timeline.toggleFolds();
  }

  /** For tests: nothing in the page reads it. */
  probe(): object {
    const { player } = this;
    return {
      text: (root?: string) => player.text(root),
      seek: player.seekTo.bind(player),
      play: player.play.bind(player),
      pause: player.pause.bind(player),
      setSpeed: player.setSpeed.bind(player),
      skipIdle: player.skipIdle.bind(player),
      position: () => player.position(),
      carets: () => player.carets(),
      files: () => Object.fromEntries(player.files()),
      roots: () => player.recording.roots,
      entry: () => player.recording.entry,
      end_ms: () => player.end_ms,
      atEnd: () => player.position().at_ms >= player.end_ms,
      shown: () => ({ root: rootOf(this.code.file), text: this.code.text }),
      verify: () => verify(player.recording, { onProgress: () => undefined, pause: () => Promise.resolve() }),
      /** What drawing each frame has taken since the last call, in milliseconds. */
      frames: () => this.frames.splice(0),
    };
  }

  private start({ at_ms, file }: Moment): void {
    this.player.seekTo(at_ms ?? 0);
    this.draw();
    if (file !== null) this.code.choose(file);
  }

  private goLive(): void {
    this.isAtLive = true;
    this.code.focus.lookAgain();
    this.player.setSpeed(1);
    this.keepUp();
    this.later();
    announce("You watch what happens now");
  }

  /** The end comes in steps: a moment behind it, time passes evenly. */
  private keepUp(): void {
    const { at_ms, playing } = this.player.position();
    const end = this.player.end_ms;
    if (end - at_ms > FAR_BEHIND_MS) this.player.seekTo(end - BEHIND_MS);
    if (!playing && this.player.position().at_ms < end) this.player.play();
  }

  private filter(only: { who: ReadonlySet<number> | null; file: string | null }): void {
    this.only = only;
    const root = only.file === null ? null : this.player.recording.roots.indexOf(rootOf(only.file));
    this.timeline.setFilter({ who: only.who, root });
    const { participants } = this.player.recording;
    this.onlyIds = only.who === null ? null : new Set([...only.who].map((index) => participants[index]?.id ?? ""));
    this.log.update(this.player.recording, this.onlyIds);
    this.later();
  }

  private momentUrl(): string {
    return momentUrl(window.location.href, this.player.position().at_ms, this.code.linkedFile);
  }

  /** However often the player moves within a frame, the page changes once. */
  private later(): void {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.draw();
    });
  }

  private draw(): void {
    const began = performance.now();
    const position = this.player.position();
    const { at_ms, playing } = position;
    this.presence.moveTo(at_ms, this.player.recording.events);
    // Before the editors, which leave much to be laid out: the list asks where its rows are.
    this.log.show(at_ms);
    this.code.show(this.presence, emptyWords(this.player.recording, this.isLive));
    const typing = typingIn(this.player, this.notes, this.code.nameOf);
    this.people.show(this.player.recording.participants, this.presence, typing, this.code.focus.followed);
    if (this.layout.showsNotes) this.notesPane?.show(at_ms);
    this.timeline.show(at_ms);
    const end_ms = this.player.end_ms;
    const live = this.isLive ? { isFollowing: this.isAtLive, behind_ms: end_ms - at_ms } : null;
    this.transport.show({ ...position, playing: playing || this.isAtLive }, end_ms, this.player.recording.started_at, live);
    if (this.wasPlaying !== playing && !playing) this.sayLater();
    this.wasPlaying = playing;
    if (playing) this.address.keepPassing(at_ms, this.code.linkedFile);
    else if (!this.isAtLive) this.address.keep(at_ms, this.code.linkedFile);
    this.layout.element.dataset["atMs"] = String(Math.round(at_ms));
    if (this.frames.length >= MOST_FRAMES) this.frames.length = 0;
    this.frames.push(performance.now() - began);
  }

  /** To those who listen: where one is, once it stays so. */
  private sayLater(): void {
    window.clearTimeout(this.sayTimer);
    this.sayTimer = window.setTimeout(() => {
      const { at_ms, playing } = this.player.position();
      // A slider says its value itself.
      if (!playing && !this.isAtLive && document.activeElement?.role !== "slider") announce(`Paused at ${spokenClock(at_ms)}`);
    }, SETTLED_MS);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const act = keyAction(event);
    if (act === null) return;
    event.preventDefault();
    act(this);
  };
}
