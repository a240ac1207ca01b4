{
  'variables': {
    # A new compiler's new warning must not keep anybody from building; CI wants to hear of it.
    'warnings': [
      '-Wall',
      '-Wextra',
      '<!(node -p "process.env.PAGEFAULT_WERROR === \'1\' ? \'-Werror\' : \'-Wno-error\'")',
    ],
    # libdw, libiberty and liblzma are there.
    'symbols%': '<!(addon/symbols/probe)',
    # libzstd is there.
    'zstd%': '<!(addon/replay/probe)',
  },
  'targets': [
    {
      # What the addon and pagefault-replay share.
      'target_name': 'pagefault-rooms',
      'type': 'static_library',
      'sources': ['<!@(addon/rooms faults perf perfdata util wire)'],
      'include_dirs': ['addon'],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['<@(warnings)', '-O2', '-fPIC'],
      # What throws through them needs their destructors.
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti'],
      'cflags_cc': ['-std=c++17', '-Wno-missing-field-initializers'],
    },
    {
      # The programs that run in the kernel.
      'target_name': 'pagefault-bpf-object',
      'type': 'none',
      'actions': [
        {
          'action_name': 'object',
          'inputs': [
            'addon/bpf/fault_record.h',
            'addon/bpf/faults.bpf.c',
            'addon/bpf/faults.bpf.o',
            'addon/bpf/kernel.h',
            'addon/bpf/lives.h',
            'addon/bpf/object',
            'addon/bpf/sampling.h',
            'addon/bpf/shared_ring.h',
            'addon/bpf/spent.h',
            'addon/bpf/tasks.h',
            'addon/bpf/twice.h',
            'addon/bpf/walks.h',
            'addon/bpf/windows.h',
          ],
          'outputs': ['<(SHARED_INTERMEDIATE_DIR)/bpf_object.cc'],
          'action': ['addon/bpf/object', '<@(_outputs)'],
        },
      ],
    },
    {
      'target_name': 'pagefault',
      'sources': [
        '<!@(addon/rooms bpf capture napi proc record source)',
        '<(SHARED_INTERMEDIATE_DIR)/bpf_object.cc',
      ],
      'include_dirs': ['addon', '<!(node -p "require(\'node-addon-api\').include_dir")'],
      'dependencies': [
        'pagefault-bpf-object',
        'pagefault-rooms',
        '<!(node -p "require(\'node-addon-api\').targets"):node_addon_api_except_all',
      ],
      # Without the last one, a worker that is terminated inside of a call ends the whole process.
      'defines': ['_GNU_SOURCE', 'NAPI_VERSION=8', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
      'cflags': ['<@(warnings)', '-Wunused-parameter', '-O2'],
      'libraries': ['-ldl', '-lrt'],
      # A thread that is held up (addon/capture/stack_reader.h) may outlive the worker that loaded us.
      'ldflags': ['-Wl,-z,nodelete'],
      'cflags_cc': ['-std=c++17', '-Wno-missing-field-initializers'],
      'conditions': [['zstd==1', {'defines': ['PAGEFAULT_ZSTD'], 'libraries': ['-lzstd']}]],
    },
    {
      'target_name': 'pagefault-reader',
      'type': 'executable',
      'sources': [
        '<!@(addon/rooms reader)',
        'addon/proc/procfs_text.cc',
        'addon/reader/main.cc',
        'addon/symbols/message.cc',
        'addon/symbols/names_answer.cc',
        'addon/symbols/protocol.cc',
        'addon/symbols/unwind_format.cc',
      ],
      'include_dirs': ['addon'],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['<@(warnings)', '-O2'],
      'cflags_cc': ['-std=c++17', '-Wno-missing-field-initializers'],
      'ldflags': ['<!@(addon/static-libraries)'],
    },
    {
      'target_name': 'pagefault-replay',
      'type': 'executable',
      'dependencies': ['pagefault-rooms'],
      'sources': [
        '<!@(addon/rooms replay sandbox)',
        'addon/replay/main.cc',
      ],
      'include_dirs': ['addon'],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['<@(warnings)', '-O2'],
      'cflags_cc': ['-std=c++17', '-Wno-missing-field-initializers'],
      'ldflags': ['<!@(addon/static-libraries)'],
      'conditions': [['zstd==1', {'defines': ['PAGEFAULT_ZSTD'], 'libraries': ['-lzstd']}]],
    },
    {
      'target_name': 'pagefault-demo',
      'type': 'executable',
      'sources': [
        'demo/demo.c',
        'demo/files.c',
        'demo/memory.c',
        'demo/tasks.c',
        'demo/touch.c',
        'demo/truth.c',
      ],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['<@(warnings)'],
      'cflags_c': ['-std=c11'],
    },
    {
      # What a user runs: it lies where links and package.json's "bin" expect it.
      'target_name': 'pagefault-analyzer',
      'type': 'executable',
      'product_dir': '<(module_root_dir)/bin',
      'sources': ['addon/launch/launch.c', 'addon/launch/notes.c'],
      'defines': ['_GNU_SOURCE'],
      'cflags': ['<@(warnings)', '-O2'],
      'cflags_c': ['-std=c11'],
    },
    {
      'target_name': 'pagefault-watcher',
      'type': 'executable',
      'sources': ['addon/watcher/watcher.c'],
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
  'conditions': [
    [
      'symbols==1',
      {
        'targets': [
          {
            'target_name': 'pagefault-symbols',
            'type': 'executable',
            'sources': ['<!@(addon/rooms sandbox symbols)', 'addon/symbols/main.cc'],
            'include_dirs': ['addon'],
            'defines': ['_GNU_SOURCE'],
            'cflags': ['<@(warnings)', '-O2'],
            'cflags_cc': ['-std=c++17', '-Wno-missing-field-initializers'],
            'ldflags': ['<!@(addon/static-libraries)'],
            'libraries': ['-ldw', '-lelf', '-liberty', '-llzma'],
          },
        ],
      },
    ],
  ],
}
