import * as api from "./api";
import { ask } from "./dialog";
import { announce, h } from "./dom";
import type { MenuItem } from "./menu";
import { ROLE_NAMES } from "./person";
import { tellNot } from "./questions";
import type { Participant } from "./room_events";

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
    items.push(...this.deviceItems(person), this.removeItem(person));
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
          "They are out at once and cannot come back into this interview. What they wrote stays.",
          `${name} is told that it was you, and why.`,
        ],
        action: "Remove",
        done: `${name} was removed.`,
        call: (reason) => api.removeParticipant(this.interview, id, { reason }),
      }),
    };
  }

  /** The candidate is never removed, only a device of his: another one stays in, or comes in. */
  private deviceItems({ id, name, role, devices, state }: Participant): MenuItem[] {
    if (role !== "candidate" && devices.length < 2) return [];
    if (state === "waiting" && devices.length === 0) {
      return [{ label: "Remove a device…", onChoose: () => void tellOfDevices(name) }];
    }
    return devices.map((device, at) => ({
      label: `Remove device ${at + 1} (${device.slice(0, 4)})…`,
      isDangerous: true,
      onChoose: question({
        title: `Remove device ${at + 1} of ${name}?`,
        words: [
          "This browser is out at once and cannot come back into this interview.",
          `${name} stays in with every other device, and nothing written is lost.`,
        ],
        action: "Remove this device",
        done: `A device of ${name} was removed.`,
        call: (reason) => api.removeParticipant(this.interview, id, { device, reason }),
      }),
    }));
  }
}

/** Only a device that is in can be removed. */
async function tellOfDevices(name: string): Promise<void> {
  const words = [
    "Which devices wait outside is not known yet. Let the candidate in: every device is listed in this menu then, each with its own way out.",
    "If it is somebody else who waits under this name, the candidate comes in too, with “I am the candidate” in front of the room. Ask on the call which device is the candidate’s and remove the other one; nothing written is lost.",
  ];
  await ask({ title: `Who waits as ${name}?`, body: words.map((each) => h("p", {}, each)), cancel: "Close" });
}

function question({ title, words, action, done, call }: Question): () => void {
  return () => {
    const reason = h("input", { type: "text", id: "reason", maxlength: String(MOST_REASON), autocomplete: "off" });
    const label = h("label", { for: "reason" }, "Reason ", h("span", { class: "quiet" }, "(optional)"));
    const body = [...words.map((each) => h("p", {}, each)), h("div", { class: "field" }, label, reason)];
    const style = action.startsWith("Remove") ? "danger" : "primary";
    void ask({ title, body, action: { label: action, style }, cancel: "Cancel" }).then(async (yes) => {
      if (!yes) return;
      try {
        await call(reason.value.trim());
        announce(done);
      } catch (error) {
        await tellNot("That did not work", error);
      }
    });
  };
}
