// Reads what may not answer for ever, and lets nobody wait for it.
#pragma once

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "util/clock.h"
#include "util/error.h"
#include "util/fd.h"
#include "util/start_thread.h"

namespace pagefault {

// Reads files of /proc that wait for an exec of the process, and an exec waits for the file systems
// whose files it closes (docs/kernel-facts.md, Maps). That is done on a thread of its own. What
// waits for too long is left to itself: only a signal that kills ends such a waiting, so that it is
// over with the exec, or with our process.
//
// A Question has a `pid`, and room for its answer. Of one thread, but for what reads.
template <typename Question>
class HeldReader {
 public:
  // Answers a question, on another thread, also when the reader is no more.
  using Read = std::function<void(Question*)>;

  // `patience`: ns for one answer. Throws SystemError where there is no descriptor left.
  HeldReader(Read read, uint64_t patience)
      : read_(std::move(read)),
        patience_(patience),
        told_(std::make_shared<Fd>(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
    if (!told_->ok()) throw SystemError(errno, "eventfd", "");
  }
  // Waits for nothing that an exec can hold up.
  ~HeldReader() {
    if (!busy()) return;
    {
      std::lock_guard<std::mutex> lock(worker_->mutex);
      worker_->left = true;
    }
    Leave();
  }
  HeldReader(const HeldReader&) = delete;
  HeldReader& operator=(const HeldReader&) = delete;

  // Starts reading, when idle. A process that is being waited for is not asked, nor anybody while
  // there can be no thread, or too many wait.
  void Ask(std::vector<Question> questions) {
    if (busy() || left() >= kMaxLeft) return;
    const auto held = [this](const Question& question) { return IsLeft(question.pid); };
    questions.erase(std::remove_if(questions.begin(), questions.end(), held), questions.end());
    if (questions.empty()) return;
    const auto worker = std::make_shared<Worker>(read_, told_, std::move(questions));
    try {
      thread_ = StartThread([worker] { worker->Run(); });
    } catch (const SystemError&) {
      return;  // no thread can be had now: the answers stay unknown
    }
    worker_ = worker;
    seen_ = 0;
    moved_ = MonotonicNow();
  }

  // Answers are on their way.
  bool busy() const { return worker_ != nullptr; }

  // What has come, once it is all there or one answer has taken too long. `now`: MonotonicNow().
  std::vector<Question> Take(uint64_t now) {
    std::vector<Question> taken;
    if (!busy()) return taken;
    std::vector<Question> others;
    {
      std::lock_guard<std::mutex> lock(worker_->mutex);
      const size_t answered = worker_->answered;
      if (worker_->ended) {
        taken = std::move(worker_->questions);
      } else {
        if (answered != seen_) moved_ = now;
        seen_ = answered;
        if (now < moved_ + patience_) return taken;
        const auto waiting = worker_->questions.begin() + static_cast<ptrdiff_t>(answered);
        taken.assign(worker_->questions.begin(), waiting);
        others.assign(waiting, worker_->questions.end());
        worker_->left = true;
      }
    }
    if (others.empty()) {
      thread_.join();
      worker_.reset();
      eventfd_t times;
      eventfd_read(told_->get(), &times);
    } else {
      Leave();
      Ask(std::move(others));
    }
    return taken;
  }

  // Readable when all answers are there, until they are taken.
  int descriptor() const { return told_->get(); }

  // Reads that were left to themselves and have not ended.
  size_t left() {
    const auto ended = [](const auto& worker) {
      std::lock_guard<std::mutex> lock(worker->mutex);
      return worker->ended;
    };
    left_.erase(std::remove_if(left_.begin(), left_.end(), ended), left_.end());
    return left_.size();
  }

 private:
  // Threads of ours that wait. Beyond these nothing is asked.
  static constexpr size_t kMaxLeft = 8;

  // Shared with its thread, which may outlive the reader.
  struct Worker {
    Worker(const Read& with, std::shared_ptr<Fd> told, std::vector<Question> asked)
        : read(with), done_told(std::move(told)), questions(std::move(asked)) {}

    void Run() {
      prctl(PR_SET_NAME, "pf-held");
      std::unique_lock<std::mutex> lock(mutex);
      while (!left && answered < questions.size()) {
        Question asked = questions[answered];
        lock.unlock();
        read(&asked);
        lock.lock();
        if (!left) questions[answered++] = std::move(asked);
      }
      ended = true;
      // Can only fail when it is readable already.
      if (!left) eventfd_write(done_told->get(), 1);
    }

    const Read read;
    const std::shared_ptr<Fd> done_told;
    std::mutex mutex;  // guards what follows
    std::vector<Question> questions;
    size_t answered = 0;
    bool left = false;
    bool ended = false;
  };

  bool IsLeft(uint32_t pid) {
    return std::any_of(left_.begin(), left_.end(), [pid](const auto& worker) {
      std::lock_guard<std::mutex> lock(worker->mutex);
      return !worker->ended && worker->questions[worker->answered].pid == pid;
    });
  }

  // The worker has been told that nobody waits for it any more.
  void Leave() {
    thread_.detach();
    left_.push_back(std::exchange(worker_, nullptr));
  }

  const Read read_;
  const uint64_t patience_;
  const std::shared_ptr<Fd> told_;
  std::shared_ptr<Worker> worker_;  // of what was asked, nullptr: idle
  std::thread thread_;
  std::vector<std::shared_ptr<Worker>> left_;
  size_t seen_ = 0;     // answers at the last look
  uint64_t moved_ = 0;  // when there were more than at the look before
};

}  // namespace pagefault
