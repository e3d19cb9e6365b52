// <emoji-face> for programs that are bundled: on the page's own thread, with assets where its attribute says.

import { EmojiFace, defineElement } from "./element.js";

export { EmojiFace };

defineElement();
