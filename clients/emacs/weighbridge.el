;;; weighbridge.el --- Exact token counts of prompts -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "29.1"))
;; Keywords: convenience, tools
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; What of Weighbridge, a language server that counts the tokens of prompts,
;; neither eglot nor lsp-mode can know by itself: how the server is started,
;; its status in the mode line, and its commands.  Hints that depend on the
;; whole text or on other files are asked for again when it says so.

;;; Code:

(require 'cl-lib)
(require 'subr-x)
(require 'url-parse)
(require 'url-util)

(declare-function eglot-current-server "eglot")
(declare-function eglot--TextDocumentIdentifier "eglot")
(declare-function jsonrpc-request "jsonrpc")
(declare-function lsp-activate-on "lsp-mode")
(declare-function lsp-register-client "lsp-mode")
(declare-function lsp-request "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function lsp-update-inlay-hints "lsp-mode")
(declare-function lsp--text-document-identifier "lsp-mode")
(declare-function make-lsp-client "lsp-mode")
(defvar eglot--outstanding-inlay-hints-last-region)
(defvar eglot-server-programs)
(defvar lsp-language-id-configuration)

(defgroup weighbridge nil
  "Exact token counts of prompts."
  :group 'tools)

(defcustom weighbridge-command '("weighbridge" "serve")
  "The command that starts the server."
  :type '(repeat string))

(defcustom weighbridge-settings nil
  "Weighbridge's settings as a property list: (:budget 4000 :codeLens t).
They win over the workspace's `weighbridge.toml'."
  :type 'plist)

(defvar-local weighbridge-status nil
  "The last status of this buffer, as the server sent it; nil if it is no prompt.")
(put 'weighbridge-status 'risky-local-variable t)

(defun weighbridge--get (object &rest names)
  "The value at NAMES in OBJECT.
Eglot makes a plist of an object, lsp-mode a hash table."
  (dolist (name names object)
    (setq object (if (hash-table-p object)
                     (gethash name object)
                   (plist-get object (intern (concat ":" name)))))))

(defun weighbridge--true (value)
  "VALUE, or nil if it is one of JSON's ways to say no."
  (unless (memq value '(:json-false :json-null :null)) value))

;;; Words, the same as the server writes them

(defun weighbridge--figure (number)
  "NUMBER with thousands separated."
  (let ((digits (number-to-string number)))
    (while (string-match "\\`\\([0-9]+\\)\\([0-9]\\{3\\}\\)" digits)
      (setq digits (replace-match "\\1,\\2" nil nil digits)))
    digits))

(defun weighbridge--tokens (number)
  "NUMBER of tokens in words."
  (concat (weighbridge--figure number) (if (= number 1) " token" " tokens")))

(defun weighbridge--share (share)
  "SHARE, of 1, as a percentage."
  (let ((percent (* 100.0 share)))
    (if (< 0 percent 0.1)
        "<0.1%"
      (concat (string-remove-suffix ".0" (format (if (< percent 10) "%.1f" "%.0f") percent)) "%"))))

;;; Status

(defun weighbridge-mode-line ()
  "The count of this buffer in the server's words, or nil if it is no prompt.
`…' stands before it while it is being counted."
  (when-let* ((status weighbridge-status))
    (let* ((severity (weighbridge--true (weighbridge--get status "budget" "severity")))
           (counting (and (equal (weighbridge--get status "state") "counting")
                          (integerp (weighbridge--get status "tokens"))))
           (text (concat (if counting "… " "") (weighbridge--get status "text"))))
      (propertize (string-replace "%" "%%" text)
                  'face (pcase severity ("error" 'error) ("warning" 'warning))
                  'help-echo "Tokens of the text that the model receives"))))

(add-to-list 'mode-line-misc-info '(weighbridge-status (" " (:eval (weighbridge-mode-line)) " ")) t)

(defun weighbridge--buffer (uri)
  "The buffer that visits the file URI, or nil."
  (let ((path (url-filename (url-generic-parse-url uri))))
    (find-buffer-visiting (decode-coding-string (url-unhex-string path) 'utf-8))))

(defun weighbridge--receive (status)
  "Take a STATUS: the parameters of `weighbridge/status'."
  (when-let* ((buffer (weighbridge--buffer (weighbridge--get status "uri"))))
    (with-current-buffer buffer
      (setq weighbridge-status status)
      (force-mode-line-update)
      (weighbridge--refresh-hints))))

(defun weighbridge--refresh-hints ()
  "Ask for this buffer's hints again.
By themselves both clients ask only for what was edited or scrolled."
  (when (bound-and-true-p eglot-inlay-hints-mode)
    ;; Eglot takes the same region twice in a row for a mistake.
    (when (boundp 'eglot--outstanding-inlay-hints-last-region)
      (setq eglot--outstanding-inlay-hints-last-region nil))
    (jit-lock-refontify))
  (when (bound-and-true-p lsp-inlay-hints-mode)
    (when-let* ((window (get-buffer-window nil t)))
      (lsp-update-inlay-hints (window-start window) (window-end window t)))))

;;; Starting

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               `((markdown-mode gfm-mode markdown-ts-mode (text-mode :language-id "plaintext"))
                 . ,(lambda (&rest _)
                      `(,@weighbridge-command
                        :initializationOptions (:status t ,@weighbridge-settings)))))
  ;; Not by `cl-defmethod': this file is to load where eglot isn't.
  (eval '(cl-defmethod eglot-handle-notification
           (_server (_method (eql weighbridge/status)) &rest status)
           "Take a status of Weighbridge's."
           (weighbridge--receive status))
        t))

(with-eval-after-load 'lsp-mode
  (add-to-list 'lsp-language-id-configuration '(text-mode . "plaintext") t)
  (let ((handlers (make-hash-table :test 'equal)))
    (puthash "weighbridge/status" (lambda (_workspace status) (weighbridge--receive status)) handlers)
    (lsp-register-client
     (make-lsp-client
      :new-connection (lsp-stdio-connection (lambda () weighbridge-command))
      :activation-fn (lsp-activate-on "markdown" "plaintext")
      :server-id 'weighbridge
      ;; It goes well with a server for the language itself.
      :add-on? t
      :initialization-options (lambda () `(:status t ,@weighbridge-settings))
      :notification-handlers handlers))))

;;; Commands

(defun weighbridge--request (method params)
  "Ask the server of this buffer METHOD with PARAMS, a function without arguments.
It is called with the client loaded that makes them."
  (cond ((and (fboundp 'eglot-current-server) (eglot-current-server))
         (jsonrpc-request (eglot-current-server) method (funcall params)))
        ((bound-and-true-p lsp-mode)
         (lsp-request (symbol-name method) (funcall params)))
        (t (user-error "Weighbridge does not serve this buffer; start eglot or lsp-mode"))))

(defun weighbridge--ask (method &rest more)
  "Ask the server METHOD about this buffer, with MORE parameters."
  (weighbridge--request
   method
   (lambda ()
     `(:textDocument ,(if (bound-and-true-p lsp-mode)
                          (lsp--text-document-identifier)
                        (eglot--TextDocumentIdentifier))
                     ,@more))))

(defun weighbridge--run (command &rest arguments)
  "Run the server's COMMAND with ARGUMENTS."
  (weighbridge--request
   'workspace/executeCommand
   (lambda () `(:command ,command :arguments ,(vconcat arguments)))))

(defmacro weighbridge--show (name &rest body)
  "Show what BODY inserts in a read-only buffer NAME."
  (declare (indent 1))
  `(with-current-buffer (get-buffer-create ,name)
     (let ((inhibit-read-only t)) (erase-buffer) ,@body)
     (goto-char (point-min))
     (special-mode)
     (display-buffer (current-buffer))))

;;;###autoload
(defun weighbridge-render ()
  "Show the text that the model receives."
  (interactive)
  (let ((text (weighbridge--get (weighbridge--ask 'weighbridge/render) "text")))
    (weighbridge--show "*weighbridge resolved*" (insert text))))

;;;###autoload
(defun weighbridge-count (&optional start end)
  "Say the tokens of the buffer, or of the lines from START to END."
  (interactive (and (use-region-p) (list (region-beginning) (region-end))))
  (let* ((line (lambda (place) `(:line ,(1- (line-number-at-pos place t)) :character 0)))
         (found (if start
                    ;; Whole lines: columns would need the encoding that was agreed on.
                    (weighbridge--ask 'weighbridge/count :ranges
                                      (vector `(:start ,(funcall line start)
                                                :end ,(save-excursion
                                                        (goto-char end)
                                                        (funcall line (if (bolp) (point) (line-beginning-position 2)))))))
                  (weighbridge--ask 'weighbridge/count))))
    (message "%s%s%s" (if start "these lines: " "")
             (if (equal (weighbridge--get found "exactness") "exact") "" "≈")
             (weighbridge--tokens (weighbridge--get found "tokens")))))

;;;###autoload
(defun weighbridge-report ()
  "Show sections and references, nested, with their tokens."
  (interactive)
  (let* ((report (weighbridge--ask 'weighbridge/report))
         (model (weighbridge--true (weighbridge--get report "model")))
         (about (if (equal (weighbridge--get report "exactness") "exact") "" "≈")))
    (cl-labels ((row (depth name tokens reason)
                  (insert (format "%9s  %s%s%s\n"
                                  (if (integerp tokens) (concat about (weighbridge--figure tokens)) "-")
                                  (make-string (* 2 depth) ?\s) name
                                  (if (stringp reason) (concat "  " reason) ""))))
                (references (of depth)
                  (seq-do (lambda (one)
                            (row depth (format "%s %s" (weighbridge--get one "kind") (weighbridge--get one "target"))
                                 (weighbridge--get one "tokens") (weighbridge--get one "reason"))
                            (references (weighbridge--get one "references") (1+ depth)))
                          of)))
      (weighbridge--show "*weighbridge report*"
        (insert (format "%s\n%s%s, %s\n\nSections\n"
                        (if (integerp (weighbridge--get report "tokens"))
                            (format "%s of %s (%s), %s as typed"
                                    (concat about (weighbridge--tokens (weighbridge--get report "tokens")))
                                    (weighbridge--figure (weighbridge--get report "budget" "limit"))
                                    (weighbridge--share (weighbridge--get report "budget" "used"))
                                    (concat about (weighbridge--figure (weighbridge--get report "own_tokens"))))
                          "still counting …")
                        (if model (concat model ", ") "")
                        (weighbridge--get report "encoding") (weighbridge--get report "exactness")))
        (seq-do (lambda (one)
                  (row (1- (weighbridge--get one "level")) (weighbridge--get one "title")
                       (weighbridge--get one "tokens") nil))
                (weighbridge--get report "sections"))
        (insert "\nReferences\n")
        (references (weighbridge--get report "references") 0)))))

;;;###autoload
(defun weighbridge-refresh ()
  "Read every reference of this buffer again."
  (interactive)
  (apply #'weighbridge--run "weighbridge.refresh"
         ;; Of a buffer without a status all are read again.
         (and weighbridge-status (list (weighbridge--get weighbridge-status "uri")))))

;;;###autoload
(defun weighbridge-clear-cache ()
  "Forget every count and response."
  (interactive)
  (weighbridge--run "weighbridge.clearCache"))

(provide 'weighbridge)
;;; weighbridge.el ends here
