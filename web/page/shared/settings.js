// The visitor's own choices (language, colours, backend), kept on the device where the browser allows it.

/** The kept value of a name; null where there is none. */
export function readSetting(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // storage is forbidden in some browsers' private windows
  }
}

/** Keep a value; without storage it lasts as long as the page. */
export function keepSetting(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // nothing is lost but the choice
  }
}
