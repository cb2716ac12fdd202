import * as api from "./api";
import { deviceWords } from "./device";
import { ask } from "./dialog";
import { announce, h } from "./dom";
import type { MenuItem } from "./menu";
import { ROLE_NAMES } from "./person";
import { tellNot } from "./questions";
import { removalWords, removedWords } from "./removed_list";
import type { Participant, Removal } from "./room_events";

const MOST_REASON = 200;

interface Question {
  title: string;
  /** What will happen, and to whom it will be told. */
  words: string[];
  action: string;
  done: string;
  call: (reason: string) => Promise<void>;
}

/** What an interviewer may do about somebody else, as the items of a menu. */
export class Moderation {
  constructor(private readonly interview: string) {}

  items(person: Participant): MenuItem[] {
    if (person.role === "candidate") return this.deviceItems(person);
    const items = [this.muteItem(person)];
    if (person.role === "interviewer" || person.role === "observer") items.unshift(this.roleItem(person));
    items.push(this.removeItem(person));
    return items;
  }

  private roleItem(person: Participant): MenuItem {
    const { id, name } = person;
    const role = person.role === "interviewer" ? "observer" : "interviewer";
    const means = {
      observer: "From then on they read the code, but neither write it nor see the notes. Their seat is free at once.",
      interviewer: "From then on they see the notes, and write code and notes as soon as there is a seat.",
    }[role];
    const words = [`${means} They cannot change it back themselves.`, `${name} is told that it was you, and why.`];
    const call = (reason: string) => api.changeParticipant(this.interview, id, { role, reason });
    const as = ROLE_NAMES[role].toLowerCase();
    return {
      label: `Make ${as}…`,
      onChoose: question({
        title: `Make ${name} an ${as}?`,
        words,
        action: `Make ${as}`,
        done: `${name} is an ${as} now.`,
        call,
      }),
    };
  }

  private muteItem({ id, name, muted }: Participant): MenuItem {
    if (muted) {
      return {
        label: "Unmute…",
        onChoose: question({
          title: `Unmute ${name}?`,
          words: [`${name} can write and chat again, and is told so.`],
          action: "Unmute",
          done: `${name} is unmuted.`,
          call: (reason) => api.changeParticipant(this.interview, id, { muted: false, reason }),
        }),
      };
    }
    return {
      label: "Mute…",
      onChoose: question({
        title: `Mute ${name}?`,
        words: [
          "They stay and read, but can neither write nor chat until an interviewer unmutes them.",
          `${name} is told that it was you, and why.`,
        ],
        action: "Mute",
        done: `${name} is muted.`,
        call: (reason) => api.changeParticipant(this.interview, id, { muted: true, reason }),
      }),
    };
  }

  private removeItem({ id, name }: Participant): MenuItem {
    return {
      label: "Remove from the room…",
      isDangerous: true,
      onChoose: question({
        title: `Remove ${name} from the room?`,
        words: [
          "They are out at once, and cannot come back unless an interviewer lets them (under “Removed”, below the people). What they wrote stays.",
          `${name} is told that it was you, and why.`,
        ],
        action: "Remove",
        done: `${name} was removed.`,
        call: (reason) => api.removeParticipant(this.interview, id, { reason }),
      }),
    };
  }

  /** The candidate is never removed, only a device of his: another one stays in, or comes in. */
  private deviceItems({ id, name, devices }: Participant): MenuItem[] {
    return devices.map((device, at) => {
      const others = devices.flatMap((other, number) =>
        other === device ? [] : [`device ${number + 1} (${deviceWords(other)})`],
      );
      const stays =
        others.length > 0
          ? `${name} stays in with ${others.join(" and ")}.`
          : `${name} has no other device here now, and can come in with another one by the same link.`;
      return {
        label: `Remove device ${at + 1}…`,
        detail: deviceWords(device),
        isDangerous: true,
        onChoose: question({
          title: `Remove device ${at + 1} of ${name}?`,
          words: [
            `${deviceWords(device)}: this browser is out at once, and cannot come back unless an interviewer lets it (under “Removed”, below the people).`,
            `${stays} Nothing that was written is lost.`,
          ],
          action: "Remove this device",
          done: `A device of ${name} was removed.`,
          call: (reason) => api.removeParticipant(this.interview, id, { device: device.id, reason }),
        }),
      };
    });
  }

  readmit(removal: Removal): void {
    const { id, name, device } = removal;
    const who = removedWords(removal);
    const words =
      device === null
        ? `They can come in again by the link of this interview, and ask for a seat like everybody else.`
        : `Whoever sits at this browser can come in as ${name} again, and writes what the candidate writes.`;
    const body = [
      h("p", {}, removalWords(removal)),
      h("p", {}, words),
      h("p", {}, "Their page does not open by itself: tell them to press “Try again” on it."),
    ];
    const action = { label: "Let back in", style: "primary" };
    void ask({ title: `Let ${who} back in?`, body, action, cancel: "Cancel", isDecision: true }).then((yes) =>
      yes ? carryOut(() => api.readmit(this.interview, id, device), `${who} can come in again.`) : undefined,
    );
  }
}

function question({ title, words, action, done, call }: Question): () => void {
  return () => {
    const reason = h("input", { type: "text", id: "reason", maxlength: String(MOST_REASON), autocomplete: "off" });
    const label = h("label", { for: "reason" }, "Reason ", h("span", { class: "quiet" }, "(optional)"));
    const body = [...words.map((each) => h("p", {}, each)), h("div", { class: "field" }, label, reason)];
    const style = action.startsWith("Remove") ? "danger" : "primary";
    const question = { title, body, action: { label: action, style }, cancel: "Cancel", isDecision: true };
    void ask(question).then(async (yes) => {
      if (yes) await carryOut(() => call(reason.value.trim()), done);
    });
  };
}

async function carryOut(call: () => Promise<void>, done: string): Promise<void> {
  try {
    await call();
    announce(done);
  } catch (error) {
    await tellNot("That did not work", error);
  }
}
