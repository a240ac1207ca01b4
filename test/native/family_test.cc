// Who descends from whom (capture/family.h), told by births and by a /proc that changes meanwhile.

#include "capture/family.h"

#include <unistd.h>

#include <map>
#include <set>
#include <string>

#include "capture/births.h"
#include "capture/forking.h"
#include "check.h"

namespace pagefault {
namespace test {

namespace {

constexpr uint32_t kSelf = 7;

// Processes with the parents they have now.
struct Tree {
  std::map<uint32_t, uint32_t> parents;
  size_t asked = 0;
  Family family{kSelf, [this](uint32_t pid, uint32_t* parent) {
                  asked++;
                  const auto found = parents.find(pid);
                  if (found == parents.end()) return false;
                  *parent = found->second;
                  return true;
                }};

  // It ends, and its children become those of `reaper`.
  void End(uint32_t pid, uint32_t reaper) {
    parents.erase(pid);
    for (auto& process : parents)
      if (process.second == pid) process.second = reaper;
  }
  void List() {
    for (const auto& process : parents) family.Tell(process.first, process.second);
  }
  std::string Fresh() {
    std::string text;
    for (pid_t pid : family.Fresh()) text += std::to_string(pid) + " ";
    return text;
  }
};

}  // namespace

TEST(family_by_list_and_by_birth) {
  Tree tree;
  tree.parents = {{1, 0}, {10, 1}, {30, 20}, {20, 10}, {40, 1}, {41, 40}};
  tree.family.Add(10);
  tree.List();
  CHECK(tree.Fresh() == "20 30 ");
  CHECK(!tree.family.missed());
  CHECK(tree.Fresh() == "");
  tree.family.Tell(50, 30);
  tree.family.Tell(51, 50);
  tree.family.Tell(52, 41);
  CHECK(tree.Fresh() == "50 51 ");
  CHECK_EQ(tree.asked, 0u);  // all is told by records and the list
}

TEST(family_leaves_out_who_asks) {
  Tree tree;
  tree.parents = {{1, 0}, {5, 1}, {kSelf, 5}, {8, kSelf}, {9, 5}};
  tree.family.Add(5);
  tree.List();
  CHECK(tree.Fresh() == "9 ");
}

TEST(family_parent_that_no_list_has) {
  // 20 was there before births were told, and has ended before the list came to it.
  Tree tree;
  tree.parents = {{1, 0}, {10, 1}, {20, 10}, {21, 20}};
  tree.family.Add(10);
  tree.family.Tell(10, 1);
  tree.family.Tell(21, 20);
  tree.End(20, 10);
  CHECK(tree.Fresh() == "21 ");
  CHECK(tree.family.missed());
  // The same of a stranger.
  tree.parents[61] = 60;
  tree.family.Tell(61, 60);
  tree.End(60, 1);
  CHECK(tree.Fresh() == "");
}

TEST(family_relays_of_which_the_last_lives) {
  // Each forks a successor and ends; all but one have ended when they are asked for.
  Tree tree;
  tree.parents = {{1, 0}, {10, 1}, {20, 10}};
  tree.family.Add(10);
  for (uint32_t next = 21; next < 26; next++) {
    tree.parents[next] = next - 1;
    tree.family.Tell(next, next - 1);
    tree.End(next - 1, 10);
  }
  CHECK(tree.Fresh() == "25 ");
  // Whose successors are told by their births.
  tree.family.Tell(26, 25);
  CHECK(tree.Fresh() == "26 ");
  CHECK(!tree.family.missed());
}

TEST(family_gone_with_all_it_made) {
  Tree tree;
  tree.parents = {{1, 0}, {10, 1}};
  tree.family.Add(10);
  tree.family.Tell(21, 20);
  tree.family.Tell(22, 21);
  CHECK(tree.Fresh() == "");
  CHECK(tree.family.missed());
  // What is born of them and lives is whose /proc says.
  tree.parents[23] = 10;
  tree.family.Tell(23, 22);
  CHECK(tree.Fresh() == "23 ");
}

TEST(family_daemon_is_whose_it_was_born) {
  Tree tree;
  tree.parents = {{1, 0}, {10, 1}, {21, 1}};
  tree.family.Add(10);
  tree.family.Tell(20, 10);
  tree.family.Tell(21, 20);
  tree.List();
  CHECK(tree.Fresh() == "20 21 ");
}

TEST(family_circle_of_numbers_ends) {
  Tree tree;
  tree.family.Add(10);
  tree.family.Tell(30, 31);
  tree.family.Tell(31, 30);
  CHECK(tree.Fresh() == "");
}

TEST(forking_who_sleeps_makes_no_child) {
  int word[2], here[2];
  CHECK_EQ(pipe(word), 0);
  CHECK_EQ(pipe(here), 0);
  const pid_t sleeps = fork();
  if (sleeps == 0) {
    char byte;
    (void)!write(here[1], "h", 1);
    _exit(read(word[0], &byte, 1) == 1 ? 0 : 1);
  }
  char byte;
  CHECK_EQ(read(here[0], &byte, 1), 1);
  const Formats formats;
  const Births none({}, formats);
  Forking forking;
  forking.Add(static_cast<uint32_t>(sleeps), static_cast<uint32_t>(sleeps));
  while (!forking.Settled(none, false)) CHECK_EQ(forking.processes().size(), 1u);
  CHECK(forking.processes().empty());
  CHECK_EQ(write(word[1], "g", 1), 1);
  for (int fd : {word[0], word[1], here[0], here[1]}) close(fd);
}

TEST(forking_who_is_given_up_is_counted) {
  const auto self = static_cast<uint32_t>(getpid());
  const Formats formats;
  const Births none({}, formats);
  Forking forking;
  // It runs, since it asks about itself.
  forking.Add(self, self);
  CHECK_EQ(forking.given_up(), 0u);
  CHECK(forking.Settled(none, true));
  CHECK_EQ(forking.given_up(), 1u);
}

}  // namespace test
}  // namespace pagefault
