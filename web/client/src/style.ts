import "./tokens.css";
import "./base.css";
import "./card.css";
import iconUrl from "./icon.svg";
import { applyPreferences } from "./preferences";

const link = document.createElement("link");
link.rel = "icon";
link.href = iconUrl;
document.head.append(link);

applyPreferences();
