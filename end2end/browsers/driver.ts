// A browser under test: what the tours need of it, the same for each.

export interface Driver {
  /** The narrowest window that it has, in CSS pixels. */
  narrowest: number;
  /** Where it saves files. */
  downloads: string;
  open(url: string): Promise<void>;
  /** Sets the size of the page's part of the window. */
  resize(width: number, height: number): Promise<void>;
  /** Runs a function in the page, and gives what it returns. */
  evaluate<A extends unknown[], R>(script: (...values: A) => R, ...values: A): Promise<Awaited<R>>;
  /** Clicks as the mouse does: a gesture of the user. */
  click(selector: string): Promise<void>;
  /** Types into a field, in place of what it holds. */
  type(selector: string, text: string): Promise<void>;
  /** Presses a key, named as in `KeyboardEvent.key`, where the focus is. */
  press(key: string): Promise<void>;
  /** Chooses a file in a file field. */
  upload(selector: string, file: string): Promise<void>;
  screenshot(file: string): Promise<void>;
  close(): Promise<void>;
}
