exports.main = async () => {
  throw new Error("wanted to fail");
};
