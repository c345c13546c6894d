// Another engine, in a process of its own.
#include "tools/incc-bench/Peer.h"
#include "tools/support/Errors.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace incc;
using namespace llvm;

Expected<std::unique_ptr<Peer>> Peer::start(StringRef python, StringRef engine, StringRef onnxPath,
                                            StringRef folder, int threads) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
    return makeError("can't make a pipe: " + StringRef(strerror(errno)));
  std::string script = INCC_BENCH_SCRIPTS "/peers.py", count = std::to_string(threads);
  std::string strings[] = {python.str(), script, engine.str(), onnxPath.str(), folder.str(), count};
  std::vector<char *> arguments;
  for (std::string &string : strings)
    arguments.push_back(string.data());
  arguments.push_back(nullptr);

  std::unique_ptr<Peer> peer(new Peer);
  peer->engine = engine.str();
  peer->process = fork();
  if (peer->process == 0) {
    // A stopped process would outlive a parent that is interrupted.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  peer->questions = fdopen(in[1], "w");
  peer->answers = fdopen(out[0], "r");
  if (peer->process < 0)
    return makeError("can't start '" + python + "'");
  Expected<json::Value> hello = peer->readAnswer();
  if (!hello)
    return hello.takeError();
  if (const json::Object *object = hello->getAsObject()) {
    peer->version = object->getString("version").value_or("").str();
    peer->settings = object->getString("settings").value_or("").str();
  }
  kill(peer->process, SIGSTOP);
  return std::move(peer);
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
    return makeError(engine + " ended without an answer");
  Expected<json::Value> answer = json::parse(text);
  if (!answer)
    return answer.takeError();
  if (const json::Object *object = answer->getAsObject())
    if (std::optional<StringRef> error = object->getString("error"))
      return makeError(engine + " failed: " + *error);
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
    return makeError(engine + " answered " + Twine(milliseconds.size()) + " times, expected " +
                     Twine(count));
  return milliseconds;
}

Expected<int64_t> Peer::writeOutputs() {
  Expected<json::Value> answer = ask("outputs");
  if (!answer)
    return answer.takeError();
  return answer->getAsInteger().value_or(0);
}
