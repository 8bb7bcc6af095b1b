// Some packages answer an error as a value.

/** valueOf turns an error that an SDK answered as a value into an exception. */
export function valueOf(answer) {
  // The Node build of generation 3 repeats the code on top and leaves the text in data.
  const { code } = [answer, answer?.data].find((part) => typeof part?.code === "string") ?? {};
  if (code) throw Object.assign(new Error(answer.message ?? answer.data.message), { code });
  return answer;
}
