// Emoji as pictures, so that they look the same on every system, also one without a colour font.

/** Address of an emoji's picture: Noto's, named by its code point. */
export const findEmoji = (emoji) => `./emoji/${emoji.codePointAt(0).toString(16)}.png`;

/** The emoji as an <img>; as plain text where there is no picture of it. */
export function makeEmoji(emoji) {
  const image = new Image(96, 96);
  image.src = findEmoji(emoji);
  image.alt = emoji;
  image.className = "emoji";
  image.draggable = false;
  image.addEventListener("error", () => image.replaceWith(emoji), { once: true });
  return image;
}
