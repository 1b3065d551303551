// Runs a program and reads what it says.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace tessera::tests
{

struct Outcome {
    int exitCode = -1; // 128 + signal when a signal ended it
    std::string out;
    std::string err;
};

enum class ErrorOutput { Pipe, Terminal };

class Process
{
public:
    // arguments[0] is the program. Standard input is empty, both outputs are pipes; or stderr is a terminal of its own,
    // 200 columns wide.
    explicit Process(const std::vector<std::string> &arguments, ErrorOutput errors = ErrorOutput::Pipe);
    ~Process();
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;

    // Blocks until the program has written `text` to stderr. Returns false when it ended without.
    bool waitForError(const std::string &text);
    void sendSignal(int signal);
    // Reads the rest and waits for the end.
    Outcome finish();

private:
    pid_t m_pid = -1;
    int m_out = -1;
    int m_err = -1;
    std::string m_errText;
};

} // namespace tessera::tests
