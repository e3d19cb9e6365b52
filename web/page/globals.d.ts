/** What the main page offers to programs that drive it. */
interface Window {
  emoji: { classify(source: Blob, options?: object): Promise<any>; readMemory(): Promise<any> };
}
