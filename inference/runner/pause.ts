/**
 * Resolves after the event loop has had a turn, so that messages, timers and pictures are not held up by a long computation.
 * Timers will not do: browsers stretch nested ones to 4 ms.
 */
export function pause(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate !== undefined) {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
