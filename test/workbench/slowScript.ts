/**
 * A job that prints `line 0`, `line 1` and so on, five a second, until the file that its first argument names exists; then
 * it says how many there were. Tests decide with that file when it ends, however slow the machine is.
 */
export const slowScript = `import os, sys, time
line = 0
while not os.path.exists(sys.argv[1]):
    print(f"line {line}", flush=True)
    line += 1
    time.sleep(0.2)
print(f"{line} lines")
`;
