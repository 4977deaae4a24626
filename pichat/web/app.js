// Wires the page: one socket, one store, and the elements that show it.
import { Link } from "./link.js";
import { Store } from "./store.js";
import { Turns } from "./turns.js";
import { defineComposer } from "./parts/composer.js";
import { defineConversation } from "./parts/conversation.js";
import { defineHealth } from "./parts/health.js";
import { defineHouse } from "./parts/house.js";
import { defineJoin } from "./parts/join.js";
import { defineLink } from "./parts/link.js";
import { defineNotices } from "./parts/notices.js";
import { defineQuestions } from "./parts/questions.js";
import { defineScreens } from "./parts/screens.js";
import { defineRuns } from "./parts/runs.js";
import { defineTabs } from "./parts/tabs.js";
import { defineVoice } from "./parts/voice.js";

const scheme = location.protocol === "https:" ? "wss" : "ws";
const link = new Link(`${scheme}://${location.host}/ws/chat`);
const store = new Store(link);
const turns = new Turns(link);

defineVoice(store, link);
defineLink(link);
defineHealth(store);
defineConversation(turns, store);
defineComposer(turns, link);
defineHouse(store, link);
defineJoin(store, link);
defineScreens(link);
defineRuns(link);
defineTabs();
defineQuestions(link, defineNotices(link));

link.start();
