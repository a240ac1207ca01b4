{
  'targets': [
    {
      'target_name': 'pagefault',
      'sources': [
        'addon/binding.cc',
        'addon/command.cc',
        'addon/decode.cc',
        'addon/error.cc',
        'addon/event_set.cc',
        'addon/mailbox.cc',
        'addon/pair.cc',
        'addon/perf_event.cc',
        'addon/poller.cc',
        'addon/procfs.cc',
        'addon/ring.cc',
        'addon/session.cc',
        'addon/threads.cc',
        'addon/tracefs.cc',
        'addon/vma_query.cc',
      ],
      'include_dirs': ['<!@(node -p "require(\'node-addon-api\').include")'],
      'dependencies': ['<!(node -p "require(\'node-addon-api\').targets"):node_addon_api_except_all'],
      # Without the last one, a worker that is terminated inside of a call ends the whole process.
      'defines': ['_GNU_SOURCE', 'NAPI_VERSION=8', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'cflags': ['-Wall', '-Wextra', '-Wunused-parameter', '-Werror', '-O2'],
      'cflags_cc': ['-std=c++17', '-Wno-missing-field-initializers'],
    },
    {
      'target_name': 'pagefault-reader',
      'type': 'executable',
      'sources': [
        'addon/reader/frame.cc',
        'addon/reader/main.cc',
        'addon/reader/operations.cc',
        'addon/reader/task_files.cc',
      ],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['-Wall', '-Wextra', '-Werror', '-O2'],
      'cflags_cc': ['-std=c++17', '-Wno-missing-field-initializers'],
    },
    {
      'target_name': 'pagefault-demo',
      'type': 'executable',
      'sources': [
        'addon/demo/demo.c',
        'addon/demo/files.c',
        'addon/demo/memory.c',
        'addon/demo/tasks.c',
        'addon/demo/touch.c',
        'addon/demo/truth.c',
      ],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['-Wall', '-Wextra', '-Werror'],
      'cflags_c': ['-std=c11'],
    },
    {
      'target_name': 'pagefault-launch',
      'type': 'executable',
      'sources': ['addon/launch/launch.c'],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['-Wall', '-Wextra', '-Werror', '-O2'],
      'cflags_c': ['-std=c11'],
    },
    {
      # The launcher runs the Node that the addon was built with: sudo's PATH may lack it (nvm).
      'target_name': 'node-link',
      'type': 'none',
      'actions': [
        {
          'action_name': 'link',
          'inputs': [],
          'outputs': ['<(PRODUCT_DIR)/node'],
          'action': ['ln', '-sfn', '<!(node -p process.execPath)', '<(PRODUCT_DIR)/node'],
        },
      ],
    },
  ],
}
