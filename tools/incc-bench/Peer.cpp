// Another engine, in a process of its own.
#include "tools/incc-bench/Peer.h"
#include "tools/support/Errors.h"
#include "llvm/ADT/STLExtras.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace incc;
using namespace llvm;

/// Starts a process and leaves its first answer to be read.
Expected<std::unique_ptr<Peer>> Peer::launch(StringRef engine, std::vector<std::string> arguments) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
    return makeError("can't make a pipe: " + StringRef(strerror(errno)));
  std::vector<char *> pointers;
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  std::unique_ptr<Peer> peer(new Peer);
  peer->engine = engine.str();
  peer->process = fork();
  if (peer->process == 0) {
    // A stopped process would outlive a parent that is interrupted.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  peer->questions = fdopen(in[1], "w");
  peer->answers = fdopen(out[0], "r");
  if (peer->process < 0)
    return makeError("can't start '" + arguments.front() + "'");
  return std::move(peer);
}

static std::string script() { return INCC_BENCH_SOURCE "/tools/incc-bench/peers.py"; }

Expected<std::vector<std::string>> Peer::convert(StringRef python, StringRef engine,
                                                 StringRef onnxPath, StringRef folder) {
  Expected<std::unique_ptr<Peer>> peer = launch(
      engine, {python.str(), script(), "convert", engine.str(), onnxPath.str(), folder.str()});
  if (!peer)
    return peer.takeError();
  Expected<json::Value> answer = (*peer)->readAnswer();
  if (!answer)
    return answer.takeError();
  std::vector<std::string> files;
  if (const json::Object *object = answer->getAsObject())
    if (const json::Array *list = object->getArray("files"))
      for (const json::Value &file : *list)
        files.push_back(file.getAsString().value_or("").str());
  return files;
}

Expected<std::unique_ptr<Peer>> Peer::start(StringRef python, StringRef engine,
                                            ArrayRef<std::string> files, StringRef folder,
                                            int threads) {
  std::vector<std::string> arguments = {python.str(), script(),     "run",
                                        engine.str(), folder.str(), std::to_string(threads)};
  llvm::append_range(arguments, files);
  auto start = std::chrono::steady_clock::now();
  Expected<std::unique_ptr<Peer>> peer = launch(engine, std::move(arguments));
  if (!peer)
    return peer.takeError();
  Expected<json::Value> hello = (*peer)->readAnswer();
  if (!hello)
    return hello.takeError();
  std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  if (const json::Object *object = hello->getAsObject()) {
    (*peer)->version = object->getString("version").value_or("").str();
    (*peer)->settings = object->getString("settings").value_or("").str();
    (*peer)->cold = {elapsed.count(), object->getNumber("load_ms").value_or(0),
                     object->getInteger("peak_bytes").value_or(0),
                     object->getInteger("file_bytes").value_or(0)};
  }
  kill((*peer)->process, SIGSTOP);
  return peer;
}

Peer::~Peer() {
  fclose(questions);
  fclose(answers);
  if (process > 0) {
    kill(process, SIGKILL);
    waitpid(process, nullptr, 0);
  }
}

Expected<json::Value> Peer::readAnswer() {
  char *line = nullptr;
  size_t capacity = 0;
  ssize_t length = getline(&line, &capacity, answers);
  std::string text(line ? line : "", length > 0 ? length : 0);
  free(line);
  if (length <= 0)
    return makeError("its process ended without an answer");
  Expected<json::Value> answer = json::parse(text);
  if (!answer)
    return answer.takeError();
  if (const json::Object *object = answer->getAsObject())
    if (std::optional<StringRef> error = object->getString("error"))
      return makeError(*error);
  return answer;
}

Expected<json::Value> Peer::ask(const Twine &question) {
  kill(process, SIGCONT);
  std::string line = (question + "\n").str();
  fputs(line.c_str(), questions);
  fflush(questions);
  Expected<json::Value> answer = readAnswer();
  kill(process, SIGSTOP);
  return answer;
}

Expected<std::vector<double>> Peer::run(int count) {
  Expected<json::Value> answer = ask("run " + Twine(count));
  if (!answer)
    return answer.takeError();
  std::vector<double> milliseconds;
  if (const json::Array *list = answer->getAsArray())
    for (const json::Value &nanoseconds : *list)
      milliseconds.push_back(nanoseconds.getAsNumber().value_or(0) * 1e-6);
  if (milliseconds.size() != static_cast<size_t>(count))
    return makeError("it answered " + Twine(milliseconds.size()) + " times, expected " +
                     Twine(count));
  return milliseconds;
}

Expected<int64_t> Peer::writeOutputs() {
  Expected<json::Value> answer = ask("outputs");
  if (!answer)
    return answer.takeError();
  return answer->getAsInteger().value_or(0);
}
